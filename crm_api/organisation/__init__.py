"""The company that runs this installation: profile and territories."""
