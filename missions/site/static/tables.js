// Makes long tables sortable and filterable; without this script they are complete and in order.
for (const table of document.querySelectorAll("table.sortable")) {
  new window.DataTable(table, {
    paging: false, info: false, order: [], autoWidth: false, searching: table.rows.length > 30,
    language: { search: "Filter" }, layout: { topStart: "search", topEnd: null },
  });
}
