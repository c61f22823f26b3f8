"use strict";
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    // A figure that can't be given has no key, and stays last.
    const key = (group) => {
      const cell = group.rows[0].cells[column];
      if (!head.classList.contains("number")) return cell.textContent;
      return "key" in cell.dataset ? Number(cell.dataset.key) : null;
    };
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === null || y === null) return (x === null) - (y === null);
        const compared = typeof x === "number" ? x - y : x.localeCompare(y, undefined, { numeric: true });
        return ascending ? compared : -compared;
      };
      table.append(...[...table.tBodies].sort(order));
    });
  });
}
