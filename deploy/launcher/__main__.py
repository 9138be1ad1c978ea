"""`python -m launcher VERB`: what ./dev runs once the environment is there."""

from launcher.cli import main

if __name__ == "__main__":
    main()
