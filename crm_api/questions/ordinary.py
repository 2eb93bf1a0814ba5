"""Ordinary words of English: whole they may be a name, but no name is shortened to one or misspelt as one.

"The single biggest deal" is not one with Singletechno, and calls that were logged are not Logan's.
"""

ORDINARY = frozenset(
    """
    able about above accept access account across action active actual after again against ahead allow
    almost alone along already also although always among amount annual another answer any anybody
    anyone anything apart appear apply area around arrive ask attend away back bad base basic became
    because become been before began begin behind being believe below beside best better between beyond
    big bill board body book both bottom bought break bring broad brought budget build built business
    busy buyer call came cancel care carry case catch cause center central certain chance change channel
    charge chart cheap check choice choose city clean clear client close cold come common company
    compare complete concern consider contact continue contract control cost could count country couple
    course cover create current customer daily date deal deep delay deliver demand demo depend detail
    develop did differ direct discount discuss does doing done double down draw drive drop due during
    each early earn east easy effect effort either else email empty end enough enter entire equal even
    event ever every exact example except exist expect expensive extra face fact fail fair fall far fast
    favor feature feel few field figure file fill final find fine finish first fit fix flat focus follow
    force forecast form former forward found free fresh from front full further future gain gave general
    get give given goal goes going gone good got great green ground group grow growth guess had half
    hand handle happen hard has have head hear heavy held help here hide high hit hold home hope hot
    hour house how however huge human idea ignore important improve include income increase indeed
    industry inform inside instead interest into invite involve issue item join just keep kept key kind
    knew know known lack land large last late later launch lead learn least leave led left length less
    let level life light like likely limit line link list little live local log logged long look lose
    loss lost lot low made mail main major make manage many mark market match matter may maybe mean
    measure meet member mention middle might mind minor miss missing modern moment money month more most
    move much must name national near nearly need never new next nice night none normal north note
    nothing notice now number offer office often old once one only onto open option order other out over
    own owner paid part pass past pay pending people per percent period person phone pick piece place
    plan plate play please plenty plus point poor popular possible post power prefer prepare present
    press previous price private probably problem process produce product profit progress project
    promise proper propose prove provide public pull purchase push put quality quarter question quick
    quiet quite quote raise ran range rank rate rather reach read ready real really reason receive
    recent record reduce region regular relate remain remind remove repeat reply report request require
    rest result return review rich right ring rise road role roll room round rule run safe said sale
    same save saw say schedule season second section see seem seen sell send senior sense sent separate
    serious serve service set settle several shape share sharp ship short should show side sign simple
    since single sit site situation size slow small smart soft sold solid solution some soon sort source
    south space speak special specific speed spend spent split spread stage stand start state status
    stay step still stock stop store story straight strange street strong study stuff style subject
    success such sudden suggest suit supply support sure switch system table take talk target task team
    tell tend term test than thank that their them then there these thing think third this those though
    thought through tie tight time tiny title today together told top total touch toward town track
    trade train travel treat trend trial true trust try turn type under union unit unless until update
    upon usual value various very view visit wait walk want warm was waste watch week well went west
    what when where which while white whole whose why wide will wish with within without won word work
    worry worst worth would write wrong year yes yet young
    """.split()
)
