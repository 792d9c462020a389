"""``calco``, and ``python -m calco``."""


def main() -> None:
    """Run the command line; its exit status is 0, 1 for a failure, 2 for a mistake in the command."""
    from calco.cli.app import run

    run()


if __name__ == "__main__":
    main()
