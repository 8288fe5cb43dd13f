"""`python -m registry broker-accounts` creates an account for each process at RabbitMQ.

It needs the management plugin and the administrator's account in RABBIT_USER and RABBIT_PW. The passwords to set are in
ORDERS_RABBIT_PW and WORKER_RABBIT_PW. Running it again changes passwords and permissions that differ.
"""

import argparse
import sys

from mesh.broker.management import ManagementError
from mesh.env import ConfigError, read_environment
from registry.broker_accounts import Config, create_accounts

UNUSABLE_BROKER, BAD_SETTING = 1, 2
"""Exit statuses."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m registry", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["broker-accounts"])
    parser.parse_args(arguments)
    try:
        config = Config.from_env(read_environment())
        create_accounts(config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_SETTING
    except ManagementError as error:
        print(error, file=sys.stderr)
        return UNUSABLE_BROKER
    print(f"The accounts {' and '.join(account.name for account in config.accounts)} are up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
