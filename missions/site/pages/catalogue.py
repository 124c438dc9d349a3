"""The data catalogue: every published table and column, and how each is made, with its SQL, tests and lineage."""

from missions.site.data import grouped
from missions.site.manifest import Project
from missions.site.renderer import Files, Renderer

LAYERS = ("intermediate", "staging", "raw")  # upstream of the marts, nearest first


def files(site: Renderer) -> Files:
    marts, project = site.marts, site.project
    columns = grouped(marts.columns, "table_name")
    tables = project.tables if project else []
    yield site.render(
        "catalogue.html",
        "catalogue.html",
        "Data catalogue",
        [("Data catalogue", None)],
        tables=[(table, columns[table["table_name"]]) for table in marts.table_descriptions],
        made={table.name: table for table in tables if table.layer == "marts"},
        layers=[(layer, found) for layer in LAYERS if (found := [table for table in tables if table.layer == layer])],
    )
    yield "data/catalogue.csv", site.csv(marts.columns, marts.columns[0])
    # The old address of the documentation of tables.
    yield site.render("catalogue/index.html", "moved.html", "Data catalogue", [], to="catalogue.html")
    if project:
        yield from _project_files(site, project)


def _project_files(site: Renderer, project: Project) -> Files:
    catalogue = ("Data catalogue", "catalogue.html")
    for table in project.tables:
        yield site.render(table.page, "table.html", table.name, [catalogue, (table.name, None)], table=table)
    title = "Macros and tests"
    yield site.render("catalogue/code.html", "code.html", title, [catalogue, (title, None)], project=project)
    rows = [
        {
            "layer": table.layer,
            "table_name": table.name,
            "column_name": column.name,
            "data_type": column.type,
            "tests": "; ".join(column.tests),
            "description": column.description,
        }
        for table in project.tables
        for column in table.columns
    ]
    yield "data/tables.csv", site.csv(rows, rows[0])
