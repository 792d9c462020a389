"""Rules of Windows' firewall: what each lets in, and for whom."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.inspection.blocks import Unreadable
from calco.inspection.windows.firewall_rules import TCP, parse
from calco.inspection.windows.hive import Value
from tests.inspection.windows.azure_ready import RULES, firewall_rule
from tests.inspection.windows.disk import ready_windows

RDP = "RemoteDesktop-UserMode-In-TCP"
PLATFORM = IPv4Address("168.63.129.16")


def rule(*fields: str) -> Value:
    return Value("a rule", "REG_SZ", firewall_rule(*fields))


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        (["LPort=3389"], True),
        (["LPort=3388"], False),
        (["LPort=80", "LPort=3389"], True),
        (["LPort2_10=3000-4000"], True),
        (["LPort2_10=3389-3389"], True),
        (["LPort2_10=3390-4000"], False),
        (["LPort=RPC"], False),
        ([], True),
    ],
)
def test_a_rule_covers_the_ports_it_names_and_all_when_it_names_none(fields: list[str], covered: bool) -> None:
    assert parse(rule(*fields)).covers(TCP, 3389) is covered


@pytest.mark.parametrize(("protocol", "covered"), [("6", True), ("256", True), ("17", False)])
def test_a_rule_for_another_protocol_covers_no_port_of_this_one(protocol: str, covered: bool) -> None:
    text = f"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol={protocol}|LPort=3389|"

    assert parse(Value("a rule", "REG_SZ", text)).covers(TCP, 3389) is covered


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("168.63.129.16", True),
        ("168.63.129.16/255.255.255.255", True),
        ("168.63.0.0/16", True),
        ("168.63.129.1-168.63.129.20", True),
        ("168.63.129.17-168.63.129.20", False),
        ("10.0.0.0/8", False),
        ("LocalSubnet", False),
        ("168.63.129.16-nowhere", False),
    ],
)
def test_an_address_is_named_alone_in_a_range_or_in_a_subnet(words: str, named: bool) -> None:
    assert parse(rule(f"RA4={words}")).names_remote(PLATFORM) is named


@pytest.mark.parametrize("text", ["", "|", "Action=Allow|", "v2|Action=Allow|", "v2.x|"])
def test_a_text_that_is_no_rule_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable, match="a rule"):
        parse(Value("a rule", "REG_SZ", text))


def test_a_rule_that_never_ends_is_not_looked_through() -> None:
    with pytest.raises(Unreadable, match="a rule"):
        parse(rule(*["LPort=1"] * 10_000))


def test_a_rule_that_is_no_text_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="REG_DWORD"):
        parse(Value("a rule", "REG_DWORD", 1))


@given(st.text(max_size=200))
def test_any_text_is_a_rule_or_unreadable(text: str) -> None:
    for each in (text, f"v2.31|{text}"):
        try:
            read = parse(Value("a rule", "REG_SZ", each))
        except Unreadable:
            continue
        assert isinstance(read.covers(TCP, 3389), bool)
        assert isinstance(read.names_remote(PLATFORM), bool)
        assert isinstance(read.has_conditions, bool)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "is_open"),
    [
        (["LPort=3389", "App=System"], True),
        (["LPort=3389", "Profile=Domain", "Profile=Public"], True),
        (["LPort=3389", "RA4=*"], True),
        (["LPort=3389", "Profile=Domain", "Profile=Private"], False),
        (["LPort=3389", "RA4=LocalSubnet"], False),
        (["LPort=3389", "RA42=LocalSubnet"], False),
        (["LPort=3389", "LA4=10.0.0.4"], False),
        (["LPort=3389", "IFType=Wireless"], False),
        (["LPort=3389", "Security=Authenticate"], False),
        (["LPort=3389", r"App=C:\Program Files\other.exe"], False),
        (["LPort=3389", "Svc=other"], False),
        ([r"App=%SystemRoot%\system32\svchost.exe", "Svc=TermService"], True),
        (["App=System"], False),
        (["LPort=3389", "AppPkgId=S-1-15-2-1", "LUOwn=S-1-5-21-1"], False),
        (["LPort=3389", "TTK2_28=WFDCDPSvc"], False),
        (["LPort=3390"], False),
    ],
)
def test_remote_desktop_is_let_in_only_by_a_rule_that_holds_for_everybody_in_a_public_network(
    fields: list[str], is_open: bool
) -> None:
    machine = ready_windows()
    machine.system[RULES][RDP] = firewall_rule(*fields)

    assert machine.failing() == (set() if is_open else {"windows.firewall-rdp"})


def test_a_rule_that_cannot_be_read_leaves_what_the_firewall_does_unread() -> None:
    machine = ready_windows()
    machine.system[RULES]["{odd}"] = "v2.31-and-more"
    unread = {each.code: each.found for each in machine.seen().seen if "{odd}" in each.found}

    assert set(unread) == {
        f"windows.firewall-{each}" for each in ("rdp", "rdp-blocked", "ping", "platform-in", "platform-out", "winrm")
    }
