"""`python -m cli` is `vigil`: how the supervisor starts its roles with the interpreter that it runs on itself."""

from cli.main import main

if __name__ == "__main__":
    main()
