"""The facade: load a policy or a book of them, and decide."""

from admission.engine.book import Book, load_book
from admission.engine.loading import inspect, load, policy_folders
from admission.engine.policy import Policy
from admission.engine.task_files import TaskRecord, read_tasks

__all__ = ["Book", "Policy", "TaskRecord", "inspect", "load", "load_book", "policy_folders", "read_tasks"]
