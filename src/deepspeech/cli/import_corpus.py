"""`deepspeech import NAME …`: one command per module of `corpora/recipes`, made from its function's signature."""

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperGroup

RECIPES = Path(__file__).resolve().parent.parent / "corpora" / "recipes"


def names() -> list[str]:
    """Corpora that can be imported: the modules of `corpora/recipes`."""
    return sorted(path.stem for path in RECIPES.glob("*.py") if path.stem != "__init__")


def command(name: str) -> Any:
    """The command of one corpus; its options are the parameters of the recipe's function, with their descriptions."""
    recipe: Callable[..., Any] = getattr(import_module(f"deepspeech.corpora.recipes.{name}"), name)

    def door(**options: Any) -> None:
        from deepspeech.corpora.report import show

        show(recipe(**options))

    hints = get_type_hints(recipe, include_extras=True)
    parameters = [
        parameter.replace(annotation=_declare(hints[parameter.name], parameter), kind=parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(recipe).parameters.values()
    ]
    door.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    door.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    door.__doc__ = recipe.__doc__
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command(name=name)(door)
    return typer.main.get_command(app)


def _declare(hint: Any, parameter: inspect.Parameter) -> Any:
    """`Annotated[type, "help"]` as Typer writes it: an argument without a default, else an option."""
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{parameter.name}: a recipe's parameter is Annotated[type, 'what it means']")
    kind, text = get_args(hint)[:2]
    required = parameter.default is inspect.Parameter.empty
    names = [f"--{parameter.name.replace('_', '-')}"] if kind is bool else []  # no --no- twin
    return Annotated[kind, typer.Argument(help=text) if required else typer.Option(*names, help=text)]


class CorpusGroup(TyperGroup):
    """Loads a recipe only when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return command(cmd_name) if cmd_name in names() else None
