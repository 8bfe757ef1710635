
// Sorting and filtering of the table of scored cases. The page says everything without it.
(function () {
  "use strict";
  var table = document.querySelector("table.cases th[data-sort]");
  if (!table) return;
  table = table.closest("table");
  var body = table.tBodies[0];
  var rows = Array.from(body.rows);
  var keys = {
    name: function (a, b) { return a.cells[0].textContent.localeCompare(b.cells[0].textContent, undefined, { numeric: true }); },
    score: function (a, b) { return a.dataset.score - b.dataset.score || b.dataset.order - a.dataset.order; }
  };
  var heads = Array.from(table.querySelectorAll("th[data-sort]"));
  heads.forEach(function (head) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    if (head.dataset.sort === "score") head.setAttribute("aria-sort", "descending");
    button.addEventListener("click", function () {
      var first = head.dataset.sort === "score" ? "descending" : "ascending";
      var other = first === "ascending" ? "descending" : "ascending";
      var order = head.getAttribute("aria-sort") === first ? other : first;
      heads.forEach(function (h) { h.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", order);
      var sign = order === "ascending" ? 1 : -1;
      rows.sort(function (a, b) { return sign * keys[head.dataset.sort](a, b); });
      rows.forEach(function (row) { body.appendChild(row); });
    });
  });

  var label = document.createElement("label");
  var input = document.createElement("input");
  label.className = "filter";
  label.textContent = "Find a case";
  input.type = "search";
  label.appendChild(input);
  document.getElementById("cases").insertAdjacentElement("afterend", label);
  var all = Array.from(document.querySelectorAll("table.cases tbody tr"));
  input.addEventListener("input", function () {
    var wanted = input.value.trim().toLowerCase();
    all.forEach(function (row) { row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted); });
  });

  // Paper shows what is folded on the screen.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (d) { d.open = true; });
  });
})();
