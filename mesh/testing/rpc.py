"""Expected failures of RPCs."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from mesh.client import Failure, parse_failure


def rpc_failure(call: Callable[..., Any], *arguments: Any, **options: Any) -> Failure:  # noqa: ANN401 - any stub method
    """Call a stub method that has to fail, and return its parsed failure.

    Raises:
        Failed: the call succeeded (pytest's own exception).
    """
    with pytest.raises(grpc.RpcError) as raised:
        call(*arguments, **options)
    return parse_failure(raised.value)
