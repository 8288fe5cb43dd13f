"""Works off placed orders."""
