"""``python -m sightline``: the command line, where the script `sightline` is not on the path."""

from sightline.cli import main

if __name__ == "__main__":
    main()
