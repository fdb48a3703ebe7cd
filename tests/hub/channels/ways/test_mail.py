"""People are told by e-mail, by a server that may refuse some of them, or all, for now or for ever."""

from collections.abc import Callable, Iterator

import pytest
from aiosmtplib.email import extract_recipients, flatten_message
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.channels.notice import Notice, NoticeKind
from hub.channels.receivers import MailReceiver, receiver_faults
from hub.channels.routes import Lane
from hub.channels.ways.mail import mail_of
from simulators.receivers.mail import MailSink
from tests.hub.channels.listening import alarm, cleared, raised
from tests.hub.channels.receiving import Told, until

Tell = Callable[[str], Told]
NOTICE = Notice("a" * 32, "mail", Lane.LIFE, NoticeKind.ONE, 1_700_000_000_000_000, (raised(1),))


@pytest.fixture
def sink() -> Iterator[MailSink]:
    """Return a mail server that listens."""
    made = MailSink()
    made.start()
    yield made
    made.stop()


def config(sink: MailSink, more: str = "") -> str:
    """Return the config of a receiver."""
    head = f'[[receivers]]\nname = "mail"\nchannel = "mail"\nserver = "{sink.server}"\nsender = "hub@city.example"\n'
    return head + f'to = ["li@city.example", "wang@city.example"]\ntls = "none"\npause = "300ms"\n{more}'


def test_a_message_says_what_and_where(sink: MailSink, tell: Tell) -> None:
    """Subject and body for people, and an id that is the same however often it is sent."""
    told = tell(config(sink))
    told.commit(raised(1))
    until(lambda: told.states("mail") == ["delivered"])
    (message,) = sink.messages
    assert message["Subject"].strip() == ("[life] Passenger trapped in a lift: hz/xiacheng/chaoming/lift-1 (raised)")
    assert message["To"] == "li@city.example, wang@city.example"
    assert message["Message-ID"] == f"<{told.rows('mail')[0].notice}@x.citynerve>"
    assert "open  life  Passenger trapped in a lift" in message.get_content()


def test_what_a_device_says_is_no_header(sink: MailSink, tell: Tell) -> None:
    """Line ends in a title make neither a header nor a line of their own."""
    told = tell(config(sink))
    title = "困人\r\nBcc: all@city.example\r\n\r\n电梯"
    told.commit(replace(raised(1), alarm=alarm(title=title)))
    until(lambda: told.states("mail") == ["delivered"])
    (message,) = sink.messages
    assert message["Bcc"] is None
    assert message["Subject"].strip().startswith("[life] 困人 Bcc: all@city.example 电梯")


def test_a_refusal_for_now_is_tried_again(sink: MailSink, tell: Tell) -> None:
    """451: later. The order is kept."""
    sink.answer = "451 not now"
    told = tell(config(sink))
    told.commit(raised(1), cleared(2))
    until(lambda: told.rows("mail") and told.rows("mail")[0].attempts >= 1)
    sink.answer = "250 kept"
    until(lambda: told.states("mail") == ["delivered"] * 2)
    assert [message["Subject"].split()[-1] for message in sink.messages] == ["(raised)", "(cleared)"]


def test_a_refusal_for_ever_is_a_dead_letter(sink: MailSink, tell: Tell) -> None:
    """552: this message never."""
    sink.answer = "552 too big"
    told = tell(config(sink))
    told.commit(raised(1))
    until(lambda: told.states("mail") == ["failed"])
    assert told.rows("mail")[0].reason == "refused"
    assert "552" in told.words[0].detail


def test_the_receipt_names_who_was_not_told(sink: MailSink, tell: Tell) -> None:
    """One address of two is refused: delivered, and the list says to whom it was not."""
    sink.refused.add("wang@city.example")
    told = tell(config(sink))
    told.commit(raised(1))
    until(lambda: told.states("mail") == ["delivered"])
    assert "not to wang@city.example: 550" in told.notices("mail")[0].receipt


def test_a_server_that_is_away_is_told_when_it_is_back(sink: MailSink, tell: Tell) -> None:
    """Nobody listens at first."""
    sink.stop()
    told = tell(config(sink))
    told.commit(raised(1))
    until(lambda: told.rows("mail") and told.rows("mail")[0].attempts >= 1)
    assert told.rows("mail")[0].reason == "unreachable"
    sink.start()
    until(lambda: told.states("mail") == ["delivered"])


@given(st.text(st.sampled_from('ab@@<>()[]\\",;:. =?_-ü市\x85\u2028\x00'), max_size=12))
def test_an_address_that_the_config_takes_can_be_written(address: str) -> None:
    """Whoever mistypes one hears of it from `hub check`, and no alarm ends the hub for it."""
    receiver = MailReceiver(name="mail", server="h:25", sender="hub@city.example", to=(address,))
    if not list(receiver_faults([receiver])):
        message = mail_of(NOTICE, receiver, hub="x")
        assert flatten_message(message, utf8=True)
        assert extract_recipients(message) == [address.rpartition("<")[2].rstrip(">")]


@pytest.mark.parametrize("address", ["li@city.example", "Li Wang <li@city.example>", '"Wang, Li" <li@city.example>'])
def test_an_address_may_have_a_name_before_it(address: str) -> None:
    """Whoever is meant is told."""
    receiver = MailReceiver(name="mail", server="h:25", sender=address, to=(address, "chen@city.example"))
    assert list(receiver_faults([receiver])) == []
    assert extract_recipients(mail_of(NOTICE, receiver, hub="x")) == ["li@city.example", "chen@city.example"]
