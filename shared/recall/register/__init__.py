"""The demographics register: who a patient is, how to reach them, and whether they may be invited.

`Register` is the port that ingest asks at enrolment and workflow before each dispatch;
`SimulatedRegister` stands behind it in simulations.
"""

from recall.register.contact import Contact, alert_of, complete, contact_of, is_child
from recall.register.people import Person
from recall.register.port import Answer, Register
from recall.register.simulation import SimulatedRegister, simulated_answer

__all__ = [
    "Answer",
    "Contact",
    "Person",
    "Register",
    "SimulatedRegister",
    "alert_of",
    "complete",
    "contact_of",
    "is_child",
    "simulated_answer",
]
