# SPDX-License-Identifier: MIT
"""Mail written, parsed, answered: many small strings with much structure."""

import random
from email import message_from_bytes, policy
from email.message import EmailMessage

MAILS = 60


def mail(n):
    message = EmailMessage()
    message["Subject"] = f"Report {n} — Übersicht"
    message["From"] = f"Sender {n % 13} <sender{n % 13}@example.org>"
    message["To"] = ", ".join(f"person{n + k}@example.org" for k in range(1 + n % 4))
    message.set_content("".join(f"line {k} of mail {n}\n" for k in range(5 + n % 40)))
    if n % 3 == 0:
        message.add_alternative(f"<p>mail <b>{n}</b></p>", subtype="html")
    if n % 5 == 0:
        message.add_attachment(
            bytes(range(256)) * (n % 9), maintype="application", subtype="x-raw",
            filename=f"{n}.bin",
        )  # fmt: skip
    return message.as_bytes()


def main():
    random.seed(1)  # boundaries between parts are drawn
    size = parts = 0
    people = {}
    for n in range(MAILS):
        message = message_from_bytes(mail(n), policy=policy.default)
        parts += sum(1 for _ in message.walk())
        for address in message["To"].addresses:
            people.setdefault(address.username, []).append(message["Subject"])
        answer = EmailMessage()
        answer["Subject"] = "Re: " + message["Subject"]
        body = message.get_body(("plain",)).get_content()
        answer.set_content("".join("> " + line + "\n" for line in body.splitlines()))
        size += len(answer.as_bytes())
    assert len(people) > MAILS
    print(parts, size, len(people))


main()
