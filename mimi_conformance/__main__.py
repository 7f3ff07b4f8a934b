"""Lets ``python -m mimi_conformance`` do what ``mimi-conformance`` does."""

from mimi_conformance.command_line import main

if __name__ == "__main__":
    main()
