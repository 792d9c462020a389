"""What a checklist says around its checks, in English and Spanish. The checks themselves speak English."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from calco.model.inspection import Severity, Verdict


class Language(StrEnum):
    EN = "en"
    ES = "es"


@dataclass(frozen=True)
class Words:
    language: Language
    title: str
    purpose: str
    file: str
    format: str
    fixed: str
    dynamic: str
    size: str
    """Of the disk, as a guest sees it."""
    system: str
    no_system: str
    looked_at: str
    verdict: str
    verdicts: Mapping[Verdict, tuple[str, str]]
    """A word, and what it means."""
    because: str
    summary: str
    checks: str
    """The column of numbers."""
    severities: Mapping[Severity, tuple[str, str]]
    """A heading, and what becomes of who ignores it."""
    not_read: tuple[str, str]
    in_order: str
    to_mend: str
    unread: str
    check: str
    state: str
    expected: str
    found: str
    mend: str
    source: str
    at_last: str
    in_english: str
    """Empty in English."""
    made_by: str
    """``{version}``"""


ENGLISH = Words(
    language=Language.EN,
    title="Before this disk goes to Azure",
    purpose="What calco found on the disk, and the commands that mend it. Run them on the machine the disk comes from, "
    "as root or in an elevated PowerShell, tick them off, and have the disk looked at again. Some take accounts, keys "
    "and logs away, your own too: save what is still needed, and run them in one session.",
    file="File",
    format="Format",
    fixed="fixed",
    dynamic="dynamic",
    size="Size of the disk",
    system="System",
    no_system="none was found",
    looked_at="Looked at",
    verdict="Verdict",
    verdicts={
        Verdict.GENERALIZED: ("Generalized", "machines made of it become new ones."),
        Verdict.SPECIALIZED: ("Specialized", "it still is one particular machine."),
        Verdict.UNKNOWN: ("Unknown", "the disk does not tell whether it is generalized."),
    },
    because="What the verdict stands on",
    summary="Summary",
    checks="Checks",
    severities={
        Severity.BLOCKS_BOOT: (
            "Blocks boot",
            "A machine made of it does not boot, does not finish its setup, or cannot be reached.",
        ),
        Severity.LEAKS: (
            "Leaks identity or secrets",
            "Machines made of it share an identity, or carry somebody's secrets or accounts.",
        ),
        Severity.ADVICE: ("Advice", "It works without, and better with it."),
    },
    not_read=("Could not be read", "Look at these yourself, on the machine."),
    in_order="In order",
    to_mend="to mend",
    unread="not read",
    check="Check",
    state="State",
    expected="Expected",
    found="Found",
    mend="Mend",
    source="Source",
    at_last="Generalize the machine as the last thing: a start after that makes it one particular machine again.",
    in_english="",
    made_by="Made by calco {version}. The disk was only read.",
)

SPANISH = Words(
    language=Language.ES,
    title="Antes de llevar este disco a Azure",
    purpose="Lo que calco ha encontrado en el disco y las órdenes que lo arreglan. Ejecútelas en la máquina de la que "
    "viene el disco, como root o en una consola PowerShell con privilegios elevados, márquelas y haga revisar el "
    "disco de nuevo. Algunas eliminan cuentas, claves y registros, también los suyos: guarde lo que aún se necesite y "
    "ejecútelas en una sola sesión.",
    file="Archivo",
    format="Formato",
    fixed="fijo",
    dynamic="dinámico",
    size="Tamaño del disco",
    system="Sistema",
    no_system="no se ha encontrado ninguno",
    looked_at="Revisado",
    verdict="Veredicto",
    verdicts={
        Verdict.GENERALIZED: ("Generalizado", "las máquinas hechas a partir de él serán nuevas."),
        Verdict.SPECIALIZED: ("Especializado", "sigue siendo una máquina concreta."),
        Verdict.UNKNOWN: ("Desconocido", "el disco no permite saber si está generalizado."),
    },
    because="En qué se basa el veredicto",
    summary="Resumen",
    checks="Comprobaciones",
    severities={
        Severity.BLOCKS_BOOT: (
            "Impide el arranque",
            "Una máquina creada a partir de él no arranca, no termina su configuración o no admite conexiones.",
        ),
        Severity.LEAKS: (
            "Revela identidad o secretos",
            "Las máquinas creadas a partir de él comparten una identidad o llevan secretos o cuentas de alguien.",
        ),
        Severity.ADVICE: ("Recomendaciones", "Funciona sin ello, pero mejor con ello."),
    },
    not_read=("No se ha podido leer", "Compruébelo usted en la máquina."),
    in_order="Correcto",
    to_mend="por arreglar",
    unread="sin leer",
    check="Comprobación",
    state="Estado",
    expected="Esperado",
    found="Encontrado",
    mend="Arreglo",
    source="Fuente",
    at_last="Generalice la máquina en último lugar: si vuelve a arrancar, será de nuevo una máquina concreta.",
    in_english="Los textos de cada comprobación están en inglés.",
    made_by="Hecho por calco {version}. El disco solo se ha leído.",
)

WORDS: Mapping[Language, Words] = {each.language: each for each in (ENGLISH, SPANISH)}
