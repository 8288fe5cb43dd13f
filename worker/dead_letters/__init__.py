"""Dead letters: messages that can never be processed. They wait in a queue of their own for an operator."""
