"""`deepspeech import NAME …`: one command per module of `corpora/recipes`, generated from its function's signature."""

import inspect
from collections.abc import Callable, Set
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.core import TyperGroup

from deepspeech.cli.import_aligned import aligned
from deepspeech.cli.metavars import Command, name_value, pasteable, with_metavars

ALIGNED = "aligned"  # the one command that is no recipe: it needs a model
RECIPES = Path(__file__).resolve().parent.parent / "corpora" / "recipes"


def names() -> list[str]:
    """Names of the corpora on the command line, one per module of `corpora/recipes`."""
    return sorted(path.stem.replace("_", "-") for path in RECIPES.glob("*.py") if path.stem != "__init__")


def command(name: str) -> Any:
    """Build the command of one corpus: each parameter of the recipe's function is an option.

    Of the parameter `options`, a dataclass, each field is an option.
    """
    recipe, bundle = _recipe(name)

    def run_recipe(**options: Any) -> None:
        from deepspeech.corpora.report import show

        common = {one.name: options.pop(one.name) for one in fields(bundle)} if bundle else {}
        show(recipe(**options, **({"options": bundle(**common)} if bundle else {})))

    parameters = [
        _declare(one.name, one.annotation, one.default)
        for one in inspect.signature(recipe).parameters.values()
        if one.name != "options"
    ]
    if bundle:
        taken = {f"--{one.name}" for one in parameters}
        parameters += [_declare(one.name, one.type, one.default, taken) for one in fields(bundle)]
    run_recipe.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run_recipe.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return _command(name, run_recipe, pasteable(recipe.__doc__))


def _command(name: str, action: Callable[..., None], text: str | None) -> Any:
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command(name=name, help=text, cls=Command)(action)
    return typer.main.get_command(app)


def _recipe(name: str) -> tuple[Callable[..., Any], Any]:
    """The function of a recipe, and the dataclass of its parameter `options`."""
    module = name.replace("-", "_")
    recipe: Callable[..., Any] = getattr(import_module(f"deepspeech.corpora.recipes.{module}"), module)
    options = inspect.signature(recipe).parameters.get("options")
    return recipe, options.annotation if options and is_dataclass(options.annotation) else None


def _declare(name: str, hint: Any, default: Any, taken: Set[str] = frozenset()) -> inspect.Parameter:
    """Convert `Annotated[type, "help"]` to Typer's form: an argument without a default, else an option.

    Names after the help, `Annotated[type, "help", "--name", "-n"]`, make an option of either, without those `taken`.
    """
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{name}: a recipe's parameter is Annotated[type, 'help text']")
    kind, text, *declared = get_args(hint)
    declared = [one for one in declared if one not in taken]
    default = inspect.Parameter.empty if default is MISSING else default
    if default is inspect.Parameter.empty and not declared:
        shown: Any = typer.Argument(help=text)
        name_value(shown, name, kind)
    elif kind is bool and not declared:
        shown = typer.Option(f"--{name.replace('_', '-')}", help=text)  # no --no- twin
    else:
        shown = typer.Option(*declared, help=text)
        if kind is not bool and "/" not in "".join(declared):
            name_value(shown, name, kind)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, shown])


class CorpusGroup(TyperGroup):
    """A command group that loads a recipe only when its command is requested."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted([*names(), ALIGNED])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        name = cmd_name.replace("_", "-")
        if name == ALIGNED:
            return _command(name, with_metavars(aligned), None)
        if name not in names():
            return None
        try:
            return command(name)
        except ModuleNotFoundError as error:
            return _command(name, _lacking(error), f"Needs {error.name}, which is not installed here.")


def _lacking(error: ModuleNotFoundError) -> Callable[[], None]:
    """A command that raises `error`, for a recipe whose dependency is missing."""

    def fail() -> None:
        raise error

    return fail
