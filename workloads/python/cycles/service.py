# SPDX-License-Identifier: MIT
"""A service that answers a thousand requests, and leaves each as garbage."""


class Request:
    """One request, and what has to happen when it is done."""

    def __init__(self, number):
        self.body = bytes(10_000)
        self.number = number
        self.on_done = self.close

    def close(self):
        self.body = b""


def answer(number):
    request = Request(number)
    try:
        if number % 10 == 0:
            raise ValueError(f"request {number} is empty")
        return len(request.body)
    except ValueError as error:
        failure = error
    return str(failure)


if __name__ == "__main__":
    print(sum(len(str(answer(number))) for number in range(1000)))
