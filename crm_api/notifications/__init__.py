"""What people should know of without looking: in a list, and where they want it by mail."""
