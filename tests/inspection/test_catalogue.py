"""For every code of the catalogue there is a disk that raises it, whichever table it came from."""

from calco.inspection.catalogue import CATALOGUE
from calco.inspection.windows.checks_azure_unread import UNREAD
from tests.inspection import test_checks_container as container
from tests.inspection import test_checks_disk as disk
from tests.inspection.linux.samples import SAMPLES
from tests.inspection.windows import test_checks as windows
from tests.inspection.windows import test_checks_azure as azure


def test_every_code_of_the_catalogue_is_raised_by_a_disk_of_its_own_but_what_no_disk_tells() -> None:
    raised = {
        *container.FAULTS,
        *container.OF_SIZES,
        *disk.FAULTS,
        *SAMPLES,
        *windows.RAISED,
        *windows.ALSO,
        *azure.BROKEN,
    }

    assert raised == {each.code for each in CATALOGUE} - {each.code for each in UNREAD}
