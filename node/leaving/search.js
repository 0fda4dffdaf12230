"use strict";
(function () {
  var data = JSON.parse(document.getElementById("data").textContent), rows = data.rows, PAGE = 200;
  var words = {
    ja: {title: "書類をさがす", since: "取引日（この日から）", until: "取引日（この日まで）", least: "金額（これ以上）", most: "金額（これ以下）",
      partner: "取引先", type: "書類の種類", number: "番号", find: "さがす", clear: "条件を消す", day: "取引日", amount: "金額",
      files: "ファイル", more: "続きを表示", any: "すべて", count: "{n} 件見つかりました（{shown} 件を表示）。", none: "見つかりませんでした。",
      sent: "送", received: "受", proof: "署名つき原本", other: "English", envelope: "署名つき原本"},
    en: {title: "Find documents", since: "Transaction date from", until: "Transaction date to", least: "Amount at least", most: "Amount at most",
      partner: "Partner", type: "Kind", number: "Number", find: "Find", clear: "Clear", day: "Transaction date", amount: "Amount",
      files: "Files", more: "Show more", any: "All", count: "{n} found ({shown} shown).", none: "Nothing found.",
      sent: "sent", received: "received", proof: "Signed original", other: "日本語", envelope: "Signed original"}
  };
  var language = data.language === "en" ? "en" : "ja", found = rows, shown = 0;
  function by(id) { return document.getElementById(id); }
  function fold(text) { return String(text).normalize("NFKC").toLowerCase().replace(/\s+/g, ""); }
  function amount(text) {
    var plain = String(text).normalize("NFKC").replace(/[,\s¥円]/g, "");
    return plain === "" || isNaN(Number(plain)) ? null : Number(plain);
  }
  function value(row) { return row.amount === null ? null : Number(row.amount); }
  function search() {
    var since = by("since").value, until = by("until").value, least = amount(by("least").value), most = amount(by("most").value);
    var partner = fold(by("partner").value), type = by("type").value, number = fold(by("number").value);
    found = rows.filter(function (row) {
      var sum = value(row);
      return (!since || row.day >= since) && (!until || row.day <= until) &&
        (least === null || (sum !== null && sum >= least)) && (most === null || (sum !== null && sum <= most)) &&
        (!partner || fold(row.partner).indexOf(partner) >= 0) && (!type || row.type === type) &&
        (!number || fold(row.number).indexOf(number) >= 0);
    });
    shown = 0;
    by("rows").textContent = "";
    more();
  }
  function cell(line, text, name) {
    var made = document.createElement("td");
    made.textContent = text;
    if (name) { made.className = name; }
    line.appendChild(made);
    return made;
  }
  function link(into, text, file) {
    var made = document.createElement("a");
    made.textContent = text;
    made.href = file.split("/").map(encodeURIComponent).join("/");
    into.appendChild(made);
  }
  function more() {
    var w = words[language];
    found.slice(shown, shown + PAGE).forEach(function (row) {
      var line = document.createElement("tr");
      cell(line, row.day);
      cell(line, (row[language] || row.type) + "（" + w[row.direction] + "）");
      cell(line, row.partner);
      cell(line, row.number + (row.revision ? " #" + row.revision : ""));
      cell(line, row.amount === null ? "" : Number(row.amount).toLocaleString(language) + " " + row.currency, "amount");
      var files = cell(line, "");
      Object.keys(row.files).forEach(function (kind) { link(files, w[kind] || kind.toUpperCase(), row.files[kind]); });
      row.attachments.forEach(function (file) { if (file[1]) { link(files, file[0], file[1]); } });
      by("rows").appendChild(line);
    });
    shown = Math.min(found.length, shown + PAGE);
    by("more").hidden = shown >= found.length;
    by("count").textContent = found.length ? w.count.replace("{n}", found.length).replace("{shown}", shown) : w.none;
  }
  function speak() {
    var w = words[language], chosen = by("type").value, kinds = {};
    document.documentElement.lang = language;
    document.title = w.title;
    document.querySelectorAll("[data-t]").forEach(function (place) { place.textContent = w[place.getAttribute("data-t")]; });
    by("language").textContent = w.other;
    by("language").lang = language === "ja" ? "en" : "ja";
    by("owner").textContent = data.owner;
    by("type").textContent = "";
    by("type").appendChild(new Option(w.any, ""));
    rows.forEach(function (row) { kinds[row.type] = row[language] || row.type; });
    Object.keys(kinds).sort().forEach(function (type) { by("type").appendChild(new Option(kinds[type], type)); });
    by("type").value = chosen;
    search();
  }
  rows.sort(function (one, two) { return one.day < two.day ? 1 : one.day > two.day ? -1 : 0; });
  Array.from(new Set(rows.map(function (row) { return row.partner; }))).sort().forEach(function (name) {
    by("partners").appendChild(new Option(name));
  });
  by("form").addEventListener("submit", function (event) { event.preventDefault(); search(); });
  by("form").addEventListener("reset", function () { setTimeout(search); });
  by("more").addEventListener("click", more);
  by("language").addEventListener("click", function () { language = language === "ja" ? "en" : "ja"; speak(); });
  speak();
})();
