// Long tables can be sorted and filtered; as they come, they are whole and in order.
for (const table of document.querySelectorAll("table.sortable")) {
  new window.DataTable(table, {
    paging: false, info: false, order: [], autoWidth: false, searching: table.rows.length > 30,
    language: { search: "Show only rows with" }, layout: { topStart: "search", topEnd: null },
  });
}
