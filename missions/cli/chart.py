"""The command chart: a map or a chart as a picture for a slide.

Belongs here: options, help and messages. missions.site draws it.
"""

from pathlib import Path
from typing import Annotated

import typer

from missions.cli.app import command
from missions.errors import UsageError
from missions.publication.folder import DATABASE


@command
def chart(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A mission, an indicator's ID or title, or need.")],
    area: Annotated[
        str | None, typer.Option(help="Draw only this region, combined authority or integrated care board.")
    ] = None,
    dots: Annotated[bool, typer.Option("--dots", help="A dot for each council along the scale, not a map.")] = False,
    svg: Annotated[bool, typer.Option("--svg", help="Save as SVG, which can be edited.")] = False,
    png: Annotated[bool, typer.Option("--png", help="Save as PNG, 1600 by 900 (the default).")] = False,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File to write.", show_default="the chart's name")
    ] = None,
) -> None:
    """Save a map or a chart as a picture, with its title, source, date and publication."""
    from missions.site.chart_choice import chosen_chart
    from missions.site.data import Marts, slug
    from missions.site.picture import as_png, picture
    from missions.site.renderer import Renderer

    if svg and png:
        raise UsageError("Choose --svg or --png.")
    site = Renderer(Marts(ctx.obj / DATABASE))
    drawn, source = chosen_chart(site, name, area, dots)
    target = out or Path(f"{slug(drawn.title)}.{'svg' if svg else 'png'}")
    if not target.parent.is_dir():
        raise UsageError(f"Cannot write {target.name}: the folder {target.parent} does not exist.")
    made = picture(drawn, source, site.publication_id)
    if svg:
        target.write_text(made, encoding="utf-8")
    else:
        target.write_bytes(as_png(made))
    typer.echo(f"{drawn.title}: {target}")
