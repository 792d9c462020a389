"""What the caller may do at a scope: for who draws buttons, so that nobody is shown one that will be refused.

Source: Azure, "Permissions - List For Resource" and "- List For Resource Group" (2022-04-01); at a subscription Azure
answers the same. It is a list of what each role permits, not of what comes out of them: one role may allow what
another leaves out (``calco.model.permission.allow``).
"""

from calco.arm.call import Answer, Call, listed
from calco.model.permission import document_of
from calco.work import role_assignment


def list_on(call: Call) -> Answer:
    """Empty for who holds something below the scope alone."""
    rights = role_assignment.rights_of(call.cloud, call.caller)
    return listed([document_of(each) for each in rights.at(call.place)])
