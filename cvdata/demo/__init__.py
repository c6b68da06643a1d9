"""What `cvdata demo` does: a tour of the toolkit on a small dataset that code draws, step by step."""

from .steps import STEPS, run_demo
from .tour import Kept, Look, Round, Step, Tour

__all__ = ["STEPS", "Kept", "Look", "Round", "Step", "Tour", "run_demo"]
