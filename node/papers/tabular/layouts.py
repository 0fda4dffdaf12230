"""What can be imported, and under which names its columns go in files, Japanese and English. Owns the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from node.i18n import N_


@dataclass(frozen=True)
class Field:
    """``kind`` names a reader of :mod:`node.papers.tabular.values`; ``names`` are titles of columns."""

    name: str
    title: str
    kind: str
    names: tuple[str, ...]
    required: bool = False


def _field(name: str, title: str, kind: str, names: str, *, required: bool = False) -> Field:
    return Field(name, title, kind, tuple(names.split("|")), required)


_NAME = _field(
    "name", N_("Item name"), "text", "品名|商品名|品目名|名称|品目|item|item name|name|description", required=True
)
_GTIN = _field("gtin", N_("JAN"), "gtin", "JAN|JANコード|GTIN|EAN|バーコード|商品コード(JAN)|barcode")
_NUMBER = _field(
    "seller_id", N_("Item number"), "code", "品番|商品コード|商品番号|品目コード|型番|item number|item no|sku|code"
)
_UNIT = _field("unit", N_("Unit"), "unit", "単位|数量単位|unit|uom")
_PRICE = _field("price", N_("Unit price"), "decimal", "単価|販売単価|価格|仕入単価|定価|売単価|原単価|unit price|price")
_RATE = _field("tax_rate", N_("Tax rate"), "percent", "税率|消費税率|税|tax rate|tax|vat")
_PARTNER = _field(
    "partner",
    N_("Firm"),
    "text",
    "取引先|取引先名|会社名|企業名|得意先|得意先名|仕入先|仕入先名|相手先|顧客名|company|firm|partner|customer|supplier",
    required=True,
)
_CORPORATE = _field(
    "corporate_number", N_("Corporate number"), "corporate_number", "法人番号|会社法人番号|corporate number"
)

LAYOUTS: Final[dict[str, tuple[Field, ...]]] = {
    "orders": (
        _field(
            "number",
            N_("Order number"),
            "code",
            "注文番号|発注番号|注文書番号|伝票番号|order number|order no|po number",
            required=True,
        ),
        _field("date", N_("Date of order"), "day", "注文日|発注日|受注日|日付|order date|date"),
        _field(
            "partner",
            N_("Firm"),
            "text",
            "取引先|取引先名|会社名|受注者|仕入先|仕入先名|発注先|発注先名|supplier|company|partner",
        ),
        _field("line_id", N_("Line"), "code", "行番号|明細番号|行|No|No.|line|line no"),
        _NUMBER,
        _GTIN,
        _NAME,
        _field(
            "quantity",
            N_("Quantity"),
            "decimal",
            "数量|発注数量|注文数量|注文数|発注数|個数|quantity|qty",
            required=True,
        ),
        _UNIT,
        _PRICE,
        _field("amount", N_("Amount"), "amount", "金額|税抜金額|小計|amount|total"),
        _RATE,
        _field(
            "delivery_date", N_("Delivery day"), "day", "納期|希望納期|納品日|納入日|納入期日|delivery date|due date"
        ),
        _field("place", N_("Place of delivery"), "text", "納入場所|納品場所|納品先|納入先|届け先|ship to|place"),
        _field("note", N_("Notes"), "text", "備考|摘要|メモ|note|notes|remarks"),
    ),
    "items": (
        _NUMBER,
        _GTIN,
        _NAME,
        _UNIT,
        _PRICE,
        _RATE,
        _field("pack_size", N_("Pack size"), "decimal", "入数|入り数|ケース入数|pack size|pack"),
        _field("minimum", N_("Minimum"), "decimal", "最低数量|最小発注数|最低発注数量|ロット|minimum|moq"),
        _field("description", N_("Description"), "text", "規格|説明|仕様|摘要|description|spec"),
    ),
    "prices": (
        _NUMBER,
        _GTIN,
        _field("name", N_("Item name"), "text", "品名|商品名|品目名|item|name"),
        _field("partner", N_("Firm"), "text", "取引先|取引先名|得意先|得意先名|会社名|partner|customer"),
        _field("price", N_("Unit price"), "decimal", "単価|販売単価|価格|unit price|price"),
        _field("minimum", N_("From quantity"), "decimal", "数量|最低数量|数量から|適用数量|minimum|from"),
        _field("rate", N_("Price rate"), "percent", "掛け率|掛率|price rate"),
        _field("valid_from", N_("Valid from"), "day", "適用日|適用開始日|開始日|valid from|from date"),
    ),
    "partners": (
        _PARTNER,
        _field("kana", N_("Reading"), "text", "カナ|フリガナ|ふりがな|会社名カナ|取引先名カナ|kana|reading"),
        _CORPORATE,
        _field(
            "registration_number",
            N_("Registration number"),
            "registration_number",
            "登録番号|インボイス番号|適格請求書発行事業者登録番号|T番号|registration number",
        ),
        _field("postcode", N_("Post code"), "postcode", "郵便番号|〒|postcode|zip"),
        _field("address", N_("Address"), "text", "住所|所在地|住所1|address"),
        _field("telephone", N_("Telephone"), "telephone", "電話|電話番号|TEL|telephone|phone"),
        _field("fax", N_("Fax"), "telephone", "FAX|FAX番号|ファックス|fax"),
        _field("mail", N_("Mail"), "text", "メール|メールアドレス|E-mail|email|mail"),
        _field("person", N_("Person"), "text", "担当者|担当者名|ご担当|person|contact"),
        _field("closing_day", N_("Closing day"), "month_day", "締日|締め日|closing day"),
        _field("pay_months", N_("Months until payment"), "months", "支払月|回収月|支払サイト|payment months"),
        _field("pay_day", N_("Day of payment"), "month_day", "支払日|回収日|入金日|payment day"),
        _field("rounding", N_("Rounding"), "rounding", "端数処理|端数|税端数|rounding"),
        _field("rate", N_("Price rate"), "percent", "掛け率|掛率|price rate"),
        _field("customer_number", N_("Customer number"), "code", "得意先コード|取引先コード|顧客番号|customer number"),
        _field("note", N_("Notes"), "text", "備考|摘要|メモ|note|notes|remarks"),
    ),
    "members": (
        _field(
            "name", N_("Firm"), "text", "会員名|会社名|事業所名|企業名|名称|商号|name|company|member", required=True
        ),
        _field("kana", N_("Reading"), "text", "カナ|フリガナ|ふりがな|会員名カナ|kana|reading"),
        _field("corporate_number", N_("Corporate number"), "corporate_number", "法人番号|corporate number"),
        _field("industry", N_("Industry"), "code", "業種|業種コード|産業分類|industry|jsic"),
        _field("person", N_("Person"), "text", "代表者|代表者名|担当者|氏名|person|contact"),
        _field("postcode", N_("Post code"), "postcode", "郵便番号|〒|postcode|zip"),
        _field("address", N_("Address"), "text", "住所|所在地|address"),
        _field("telephone", N_("Telephone"), "telephone", "電話|電話番号|TEL|telephone|phone"),
        _field("mail", N_("Mail"), "text", "メール|メールアドレス|E-mail|email|mail"),
    ),
    "balances": (
        _PARTNER,
        _CORPORATE,
        _field("side", N_("Receivable or payable"), "side", "区分|売掛買掛|種別|side|kind"),
        _field("date", N_("As of"), "day", "基準日|日付|残高日|as of|date", required=True),
        _field(
            "amount",
            N_("Balance"),
            "signed_amount",
            "残高|金額|売掛残高|買掛残高|繰越残高|balance|amount",
            required=True,
        ),
        _field("due_date", N_("Day of payment"), "day", "支払期日|入金予定日|支払予定日|期日|due date"),
        _field("number", N_("Number"), "code", "請求書番号|伝票番号|番号|invoice number|number"),
    ),
}
"""What a file may hold: orders (a row for each line), items, prices per partner, partners, the roster of members,
opening balances."""
