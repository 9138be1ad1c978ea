"""`python -m launcher VERB`: what ./dev runs once the environment is there."""

import signal
import sys

if __name__ == "__main__":
    try:
        # ./dev held it back while this Python was starting: a Ctrl-C of that moment comes now.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        from launcher.cli import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)
