"""The names that programs rely on: facts, values, assumptions, rules, channels and days of the shipped policies."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import admission
from admission import ir
from admission.datatypes import to_json

POLICIES = Path(__file__).parents[1] / "policies"
CHINA, BEIJING, XICHENG = (admission.load(POLICIES / name).checked for name in ("china", "beijing", "xicheng"))
PACKS = {"china": CHINA, "beijing": BEIJING, "xicheng": XICHENG}

# A fact: its type, its values, its assumption (None: none), who may change it, and its Chinese label.
FactRow = tuple[str, str, object, str, str]
CHINA_FACTS: dict[str, FactRow] = {
    "nature": (
        "enum",
        "self_governance assistance department_duty approval_or_public_service market_service",
        None,
        "",
        "事项性质",
    ),
    "actions": (
        "set",
        (
            "contact_residents assist_home_visit mobilise publicise persuade report_findings fill_form enter_data"
            " keep_ledger enforce collect_fees sign_pledge guarantee certify attend_meeting install_app"
            " professional_work"
        ),
        None,
        "issuer",
        "要求社区做的事",
    ),
    "community_role": ("enum", "assist lead", "assist", "issuer", "社区承担的角色"),
    "barred_subject": (
        "enum",
        "none enforcement demolition environment_drive city_management investment_quota tax_quota revenue_quota",
        "none",
        "issuer",
        "以社区为责任主体的禁列事项",
    ),
    "appraisal": ("enum", "none unified separate one_vote_veto", "none", "issuer", "对社区的考核方式"),
    "purchase_bar": (
        "enum",
        "none not_government_duty must_act_directly goods_or_works financing hiring other",
        "none",
        "issuer",
        "不得购买的情形",
    ),
}
BEIJING_FACTS: dict[str, FactRow] = CHINA_FACTS | {
    "item": ("text", "", None, "", "事项编号"),
    "title": ("text", "", None, "", "事项名称"),
    "issuer": ("text", "", None, "", "申请单位"),
    "issuer_level": ("enum", "central city district subdistrict community outside", None, "", "发文层级"),
    "government_data_suffices": ("bool", "", False, "", "政府内部数据可完成比对核查"),
    "plan_status": (
        "enum",
        "annual_plan adhoc_approved adhoc_pending adhoc_rejected not_listed",
        None,
        "reviewer",
        "计划清单状态",
    ),
    "issues_document": ("bool", "", False, "", "是否印发内容涉及社区的政策文件"),
    "document_review": ("enum", "approved pending rejected none", "none", "reviewer", "发文前审核"),
    "cost": ("money", "", None, "", "所需经费"),
    "funding": ("money", "", "0.00", "issuer", "到位经费"),
    "funding_source": (
        "enum",
        "issuer_budget special_fund community_public_fund party_service_fund none",
        "none",
        "issuer",
        "经费来源",
    ),
    "conditions_provided": ("bool", "", None, "issuer", "必要条件保障"),
    "forms": ("int", "", 0, "issuer", "新增填报表格数"),
    "forms_in_use": ("int", "", 0, "", "该层级已保留表格数"),
    "certificate": (
        "enum",
        "none land_contract_identity deceased_insured_relation inheritance_relation guardianship other",
        "none",
        "issuer",
        "要求社区开具的证明",
    ),
    "plaque_or_body": ("bool", "", False, "issuer", "要求设机构、挂牌子"),
    "required_by_law": ("bool", "", False, "", "法律、法规要求设机构、挂牌子"),
}
XICHENG_FACTS: dict[str, FactRow] = BEIJING_FACTS | {
    "submitted_on": ("date", "", None, "", "提出申请的日期"),
    "start_on": ("date", "", None, "", "拟开始的日期"),
}
FACTS = {"china": CHINA_FACTS, "beijing": BEIJING_FACTS, "xicheng": XICHENG_FACTS}

FIRST_OF_CHINA, FIRST_OF_BEIJING = date(2017, 6, 12), date(2019, 1, 1)
FIRST = {"china": FIRST_OF_CHINA, "beijing": FIRST_OF_BEIJING, "xicheng": FIRST_OF_BEIJING}
CHINA_ROUTES = {
    "to_service_centre": "service_centre",
    "to_purchase": "purchase",
    "to_department": "department",
    "to_community": "community",
}
ROUTES = {"china": CHINA_ROUTES, "beijing": CHINA_ROUTES | {"to_data_sharing": "data_sharing"}}
ROUTES["xicheng"] = ROUTES["beijing"]
CHINA_CHANNELS = {"community": "admit", "service_centre": "redirect", "purchase": "redirect", "department": "redirect"}
CHANNELS = {"china": CHINA_CHANNELS, "beijing": CHINA_CHANNELS | {"data_sharing": "redirect"}}
CHANNELS["xicheng"] = CHANNELS["beijing"]

# A requirement: its channel, and the first day it is in force.
CHINA_REQUIREMENTS = {
    "not_lead": ("community", FIRST_OF_CHINA),
    "not_barred_subject": ("community", FIRST_OF_CHINA),
    "no_separate_appraisal": ("community", FIRST_OF_CHINA),
    "purchase_allowed": ("purchase", date(2020, 3, 1)),
    "no_guarantee": ("community", date(2026, 1, 1)),
}
BEIJING_NAMES = (
    *("listed", "document_reviewed", "permitted_actions", "funds_follow_task", "conditions_provided"),
    *("form_limit", "certificate_list", "no_plaque"),
)
BEIJING_REQUIREMENTS = CHINA_REQUIREMENTS | dict.fromkeys(BEIJING_NAMES, ("community", FIRST_OF_BEIJING))
REQUIREMENTS = {
    "china": CHINA_REQUIREMENTS,
    "beijing": BEIJING_REQUIREMENTS,
    "xicheng": BEIJING_REQUIREMENTS | {"applied_in_time": ("community", FIRST_OF_BEIJING)},
}

# What was read in the sources, word for word; a policy quotes nothing else.
READ_IN_THE_SOURCES = (
    "联系居民、协助入户、组织动员、宣传教育、说服劝导及非专业性工作的发现报告",
    "临时增加工作事项单独申请",
    "未列入计划清单的工作事项,社区一律不承接",
    "实行动态调整",
    "坚持履职尽责",
    "费随事转",
    "必要经费和条件保障",
    "应进必进",
    "政府购买服务",
    "不再下派社区进行录入",
    "违反规定要求社区填表报数",
    "居民委员会可以拒绝",
    "对未经批准擅自进入社区的工作事项,社区有权拒绝",
    "一票否决",
    "通过向基层群众性自治组织等购买服务方式",
    "必要的经费和工作条件",
    "必要的经费和条件",
    "所需经费由委托部门承担",
    "提供担保",
    "对未经批准或未落实权限、经费的项目",
)


def row(fact: ir.Fact) -> FactRow:
    """A declared fact as a row of the tables above."""
    assumed = to_json(fact.type, fact.assume.value) if fact.assume else None
    return fact.type.kind.value, " ".join(fact.type.values), assumed, " ".join(fact.changed_by), fact.label["zh"]


def rules(policy: ir.Policy) -> list[ir.Rule]:
    """Every rule of a policy."""
    sections = (policy.routes, policy.requirements, policy.exceptions, policy.obligations)
    return [rule for section in sections for rule in section.values()]


@pytest.mark.parametrize("pack", PACKS)
def test_every_fact_is_as_the_table_has_it(pack: str) -> None:
    """Names, types, values, assumptions, who may change them and Chinese labels are those that programs know."""
    declared = PACKS[pack].facts
    assert {name: row(declared[name]) for name in FACTS[pack]} == FACTS[pack]


@pytest.mark.parametrize("pack", PACKS)
def test_a_fact_beside_the_table_has_an_assumption(pack: str) -> None:
    """A policy may ask more, but a task that says what the table says is complete."""
    added = [fact for name, fact in PACKS[pack].facts.items() if name not in FACTS[pack]]
    assert [fact.name for fact in added if fact.assume is None] == []


@pytest.mark.parametrize("pack", PACKS)
def test_numbers_and_amounts_are_not_negative(pack: str) -> None:
    """A negative amount or count is an input error."""
    counted = [fact for fact in PACKS[pack].facts.values() if fact.type.kind.value in ("int", "money")]
    assert {fact.name: fact.type.low for fact in counted} == {fact.name: 0 for fact in counted}


def test_the_natures_are_called_what_officials_call_them() -> None:
    """The labels of the five natures are the official ones."""
    assert [label["zh"] for label in CHINA.facts["nature"].value_labels.values()] == [
        "依法履职(自治)",
        "依法协助政府",
        "部门职责",
        "行政审批与公共服务",
        "适合市场化的公益性、专业性、技术性服务",
    ]


def test_the_parties_are_called_what_officials_call_them() -> None:
    """Issuer, reviewer and community are the parties."""
    labels = {name: label["zh"] for name, label in BEIJING.parties.items()}
    assert labels == {"issuer": "申请单位", "reviewer": "审核机关", "community": "居民委员会"}


@pytest.mark.parametrize("pack", PACKS)
def test_every_channel_has_its_outcome(pack: str) -> None:
    """Work that goes to the community is admitted, all other work redirected."""
    assert {name: channel.outcome for name, channel in PACKS[pack].channels.items()} == CHANNELS[pack]


@pytest.mark.parametrize("pack", PACKS)
def test_every_route_leads_to_its_channel(pack: str) -> None:
    """The routes are these and no others, in force from the policy's first day."""
    routes = PACKS[pack].routes
    assert {name: route.to for name, route in routes.items()} == ROUTES[pack]
    assert all(FIRST[pack] in route.period for route in routes.values())


@pytest.mark.parametrize("pack", ["beijing", "xicheng"])
def test_data_sharing_overrides_every_other_route(pack: str) -> None:
    """What government's own data settle is never sent anywhere else."""
    overrides = {name: set(route.overrides) for name, route in PACKS[pack].routes.items()}
    assert overrides == {name: set() for name in CHINA_ROUTES} | {"to_data_sharing": set(CHINA_ROUTES)}


@pytest.mark.parametrize("pack", PACKS)
def test_every_requirement_has_its_channel_and_first_day(pack: str) -> None:
    """The requirements are these and no others; each refuses, from its day on without end."""
    requirements, first = PACKS[pack].requirements, FIRST[pack]
    found = {name: (*rule.channels, max(rule.period.start or first, first)) for name, rule in requirements.items()}
    assert found == {name: (channel, max(day, first)) for name, (channel, day) in REQUIREMENTS[pack].items()}
    assert {(rule.effect, rule.period.end) for rule in requirements.values()} == {("refuse", None)}


@pytest.mark.parametrize("pack", ["beijing", "xicheng"])
def test_only_the_plaque_can_be_waived(pack: str) -> None:
    """From 2020-01-01 a law may require a plaque or a body; nothing else is excepted."""
    found = {name: (rule.waives, rule.period.start) for name, rule in PACKS[pack].exceptions.items()}
    assert found == {"plaque_by_law": (("no_plaque",), date(2020, 1, 1))}
    assert CHINA.exceptions == {}


@pytest.mark.parametrize("pack", ["beijing", "xicheng"])
def test_two_duties_come_with_an_admission(pack: str) -> None:
    """The issuer owes the community its cost, and the item is published."""
    found = {name: (rule.verdicts, rule.debtor, rule.creditor) for name, rule in PACKS[pack].obligations.items()}
    assert found == {
        "provide_funds": (("admit",), "issuer", "community"),
        "publish_item": (("admit",), None, None),
    }
    assert CHINA.obligations == {}


@pytest.mark.parametrize(("pack", "extends"), [("china", None), ("beijing", "china"), ("xicheng", "beijing")])
def test_every_policy_is_a_layer(pack: str, extends: str | None) -> None:
    """China lies below Beijing and Beijing below Xicheng; each layer promises only to tighten."""
    policy = PACKS[pack]
    assert (policy.extends, policy.tightens, policy.period) == (extends, extends is not None, ir.Period(FIRST[pack]))
    assert (policy.languages, policy.subject, policy.place) == (("zh", "en"), "task", policy.id)


@pytest.mark.parametrize("pack", PACKS)
def test_a_policy_quotes_only_what_was_read(pack: str) -> None:
    """Every quotation is found word for word in what was read of its source."""
    quotes = [cited.quote for rule in rules(PACKS[pack]) for cited in rule.basis.citations if cited.quote]
    assert quotes
    assert [quote for quote in quotes if not any(quote in read for read in READ_IN_THE_SOURCES)] == []


@pytest.mark.parametrize("pack", PACKS)
def test_every_source_is_cited(pack: str) -> None:
    """A source stands in a policy because a rule or a parameter rests on it."""
    policy = PACKS[pack]
    bases = [rule.basis for rule in rules(policy)] + [parameter.basis for parameter in policy.parameters.values()]
    cited = {citation.source for basis in bases for citation in basis.citations}
    assert set(policy.sources) - cited == set()


@pytest.mark.parametrize("pack", PACKS)
def test_every_requirement_says_what_can_be_done(pack: str) -> None:
    """A refusal comes with a remedy in both languages."""
    remedies = {name: set(rule.remedy) for name, rule in PACKS[pack].requirements.items()}
    assert remedies == {name: {"zh", "en"} for name in REQUIREMENTS[pack]}
