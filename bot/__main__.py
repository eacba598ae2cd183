"""``python -m bot X`` is ``muster X``."""

from bot.cli import main

if __name__ == "__main__":
    main()
