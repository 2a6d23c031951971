"""Every kind of fault: its code, how grave it is, what it says and what to do, in Chinese and English.

A0 worth a look · A1 reading files · A2 shape of a policy · A3 expressions · A4 names and types · A5 values, periods, registers ·
A6 layers and books · A7 events and watches · A8 proofs · A9 tasks and input.
"""

from __future__ import annotations

from typing import Literal

from admission.records import record


@record
class Kind:
    """One kind of fault; the texts are templates filled with the fault's data."""

    code: str
    zh: str
    en: str
    help_zh: str = ""
    help_en: str = ""
    severity: Literal["error", "warning"] = "error"


_ERRORS: tuple[tuple[str, str, str, str, str], ...] = (
    # ------------------------------------------------------------------------------ A1 reading files
    ("A101", "无法读取 `{path}`：{why}", "cannot read `{path}`: {why}", "请核对路径和权限", "check the path and its permissions"),
    ("A102", "`{path}` 超过 {size} MiB", "`{path}` is larger than {size} MiB", "请拆分文件；任务多时用 JSON Lines 或 CSV", "split the file; for many tasks use JSON Lines or CSV"),
    ("A103", "`{path}` 第 {line} 行不是 UTF-8 编码", "`{path}` is not UTF-8 text at line {line}", "请另存为 UTF-8 编码（表格软件中选“CSV UTF-8”，文本软件中选“编码：UTF-8”）；GBK 文件须先转换", "save the file as UTF-8; a GBK file must be converted first, e.g. iconv -f GBK -t UTF-8"),
    ("A104", "文件是空的", "the file is empty", "至少写出 policy、version、in_force、languages 各项；`admission new` 可生成样板", "`admission new` writes a policy to start from"),
    ("A105", "不接受的字符 {char}", "a character that is not accepted: {char}", "请删除该字符", "delete it"),
    ("A106", "不是合法的 YAML：{problem}", "not valid YAML: {problem}", "请检查缩进、冒号后的空格和引号", "check the indentation, the space after a colon, and the quotes"),
    ("A107", "此处用了全角标点 `{char}`", "full-width punctuation `{char}` where YAML needs `{plain}`", "请改为半角 `{plain}`，冒号和逗号后加一个空格", "type `{plain}` with a space after it"),
    ("A108", "缩进用了制表符", "a tab is used for indentation", "请改用空格缩进", "indent with spaces"),
    ("A109", "不接受锚点、别名和合并键", "anchors, aliases and merge keys are not accepted", "请把内容原样写出", "write the content out where it belongs"),
    ("A110", "内容过多，超过 {most} 个节点", "too much content: more than {most} nodes", "请拆分文件", "split the file"),
    ("A111", "嵌套过深，超过 {deepest} 层", "nested too deeply: more than {deepest} levels", "请减少嵌套", "nest less"),
    ("A112", "一个文件只能有一个 YAML 文档", "a file holds one YAML document", "请删除 `---` 之后的部分，或另存一个文件", "remove what follows `---`, or put it into a file of its own"),
    ("A113", "不接受标签 `{tag}`", "tags such as `{tag}` are not accepted", "请删除标签", "remove the tag"),
    ("A114", "重复的键 `{key}`，前一个在第 {line} 行", "duplicate key `{key}`, first at line {line}", "请合并或删除其一", "merge the two or delete one"),
    ("A115", "键必须是文字，此处是{found}", "a key must be text, not {found}", "请加引号，或改用文字", "put it in quotes, or use a word"),
    ("A116", "`{path}` 中没有 policy.yaml，不是一份规则", "`{path}` is not a policy: it has no policy.yaml", "请指向一份规则的文件夹或文件；规则汇编则指明其中一份（--place）", "point to the folder or file of one policy; of a book, say which (--place)"),
    ("A117", "文件顶层应为映射（键: 值）", "the top of the file must be a mapping, key: value", "请从 `policy:` 一行写起", "begin with `policy:`"),
    ("A118", "`{key}` 只能写在 {file} 中", "`{key}` belongs into {file} only", "请移到 {file}", "move it there"),
    ("A119", "`{name}` 已在 {where} 声明", "`{name}` is already declared at {where}", "请合并或改名", "merge the two or rename one"),
    ("A120", "案例文件应为列表（- id: ...）", "a case file is a list, - id: ...", "请以 `- id: 编号` 开始每个案例", "begin each case with `- id:`"),
    ("A121", "`{path}` 旁没有案例", "there are no cases beside `{path}`", "案例写在 cases/*.yaml 中，或在命令中列出文件", "write them to cases/*.yaml, or name the files"),
    ("A122", "`{path}` 已存在", "`{path}` exists already", "请另取一个名称；不会覆盖任何文件", "choose another name; nothing is overwritten"),
    # ---------------------------------------------------------------------------------- A2 the shape
    ("A201", "此处应为{expected}，而不是{found}", "expected {expected}, found {found}", "", ""),
    ("A202", "此处应为文字，而 `{found}` 被读作数值", "expected a text, but `{found}` is read as a number or true/false", '请加引号："{found}"', 'put it in quotes: "{found}"'),
    ("A203", "`{found}` 不能作名称", "`{found}` is not a name", "名称由字母、汉字、数字和下划线组成，不以数字开头", "a name is made of letters (Chinese too), digits and _, and does not begin with a digit"),
    ("A204", "此处应为以下之一：{expected}，而不是{found}", "expected one of {expected}, found {found}", "请改为其中之一", "write one of them"),
    ("A205", "算式被读成了映射", "the expression is read as a mapping", "算式中含 `{{`、`}}` 或 `: ` 时，请写成块样式：另起一行并缩进，或整体加引号", "write it on a line of its own in block style, or put the whole in quotes"),
    ("A206", "缺少 `{lang}` 文字", "no text in `{lang}`", "本规则声明了该语言，每处文字都须写全", "the policy declares this language, so every text needs it"),
    ("A207", "列表不能为空", "the list must not be empty", "请写出至少一项，或删去此键", "give at least one item, or leave the key out"),
    ("A208", "`{found}` 重复", "`{found}` is repeated", "请删除重复项", "delete the repetition"),
    ("A209", "缺少 `{key}`（{says}）", "`{key}` is missing ({says})", "请补上此键", "add the key"),
    ("A210", "{keys} 只能写其一", "only one of {keys} may stand", "请删除其一", "delete the other"),
    ("A211", "须写 {keys} 之一", "one of {keys} must stand", "有来源的写 cite，无来源的写 own 说明理由", "cite a source, or say in `own` why the author chose it"),
    ("A212", "本规则未声明语言 `{lang}`", "the policy does not declare the language `{lang}`", "请在 languages 中加上，或删去此行", "add it to `languages`, or delete the text"),
    ("A213", "未知的键 `{key}`", "unknown key `{key}`", "可用的键：{known}", "known here: {known}"),
    ("A214", "此类型不能有 `{key}`", "this type takes no `{key}`", "请删除此键", "delete the key"),
    ("A215", "事实 `{name}` 既无 `assume` 又无 `ask`", "fact `{name}` has neither `assume` nor `ask`", "请写出询问用语 ask，或未填时的取值 assume", "say in `ask` how to ask for it, or in `assume` what holds where it is not given"),
    ("A217", "须写 {keys} 之一", "one of {keys} must stand", "请写其中之一", "write one of them"),
    ("A216", "参数的选项类型须写事实的名称", "a parameter of an enum or set names the fact whose values it takes", "请写 type: 事实名称", "write `type:` with the fact's name"),
    # ------------------------------------------------------------------------------- A3 expressions
    ("A301", "算式是空的", "the expression is empty", "总是适用时请删去此键", "leave the key out if it always holds"),
    ("A302", "算式过长，超过 {most}", "the expression is too long: more than {most}", "请用 definitions 拆分", "split it with definitions"),
    ("A303", "算式嵌套过深，超过 {deepest} 层", "the expression is nested too deeply: more than {deepest} levels", "请用 definitions 拆分", "split it with definitions"),
    ("A304", "算式中用了全角字符 `{char}`", "full-width character `{char}` in an expression", "请切换到英文输入，改为 `{plain}`", "switch the keyboard to English and type `{plain}`"),
    ("A305", "算式中不能写注释", "an expression cannot hold a comment", "`#` 之后的部分会被忽略，请把注释移到算式之外", "what follows `#` would be ignored; move the comment out of the expression"),
    ("A306", "`{habit}` 不是本语言的写法", "`{habit}` is not how this language says it", "请写 `{plain}`", "write `{plain}`"),
    ("A307", "算式不完整或写法有误（{problem}）", "the expression does not parse ({problem})", "请检查括号、引号和运算符", "check the brackets, quotes and operators"),
    ("A308", "算式中不能用{what}", "an expression cannot use {what}", "可用：and or not、== != < <= > >=、in、not in、+ - *、count()、workday()、date()", "it has: and or not, == != < <= > >=, in, not in, + - *, count(), workday(), date()"),
    ("A309", "不能判断某事实是否未知", "there is no test for being unknown", "未知不得影响结论；需要缺省时请用 assume", "a verdict must not depend on ignorance; use `assume` for a default"),
    ("A310", "`{found}` 不是可用的数", "`{found}` is not a number that can be used", "请写整数，或至多两位小数的金额", "write a whole number, or an amount with at most two decimals"),
    ("A311", "没有除法", "there is no division", "除法会引起舍入；请把除数乘到另一边", "it would round; multiply the other side instead"),
    ("A312", "没有函数 `{called}`", "there is no function `{called}`", '可用的函数：count(集合)、workday(日期, 天数)、date("2019-01-01")', 'there are count(set), workday(date, n) and date("2019-01-01")'),
    ("A313", "`{called}` 须有 {arity} 个参数", "`{called}` takes {arity} argument(s)", '写法：count(集合)、workday(日期, 天数)、date("2019-01-01")', 'write count(set), workday(date, n) or date("2019-01-01")'),
    ("A314", "`{found}` 不是日期", "`{found}` is not a date", '请写 date("2019-01-01")', 'write date("2019-01-01")'),
    ("A315", "算式中有不是普通空格的空白字符 {char}", "a space or unseen character {char} in an expression", "请改为普通空格，或删去", "type an ordinary space, or delete it"),
    # --------------------------------------------------------------------------- A4 names and types
    ("A400", "未知的名称 `{name}`", "unknown name `{name}`", "名称须在 facts、parameters、definitions 或取值中声明", "a name is a fact, parameter, definition or enum value"),
    ("A401", "没有名为 `{name}` 的{what}", "there is no {what} `{name}`", "", ""),
    ("A402", "`{name}` 已是{what}（{where}）", "`{name}` is already a {what} ({where})", "事实、参数、查询、定义和取值共用一套名称，请改名", "facts, parameters, look-ups, definitions and values share one namespace; rename one"),
    ("A403", "规则编号 `{name}` 已用于 {where}", "rule id `{name}` is already used at {where}", "请改名", "rename one"),
    ("A404", "`{name}` 是保留名称", "`{name}` is a reserved name", "请改名", "choose another"),
    ("A405", "`{name}` 是一个查询，不能单独使用", "`{name}` is a look-up and has no value of its own", "请写 {name}.found 或 {name}.列名", "write {name}.found or {name}.column"),
    ("A406", "类型循环引用：{names}", "types refer to one another in a circle: {names}", "请给其中之一写出类型", "give one of them a type of its own"),
    ("A407", "定义循环引用：{names}", "definitions refer to one another in a circle: {names}", "请打断循环", "break the circle"),
    ("A408", "优先关系成环：{names}", "overrides form a circle: {names}", "请删去其中一个 overrides", "remove one of the overrides"),
    ("A409", "事实 `{name}` 由查询填入，而该查询又要用到它", "fact `{name}` is filled by a look-up that needs the fact itself", "请改用其他主键", "use another key"),
    ("A410", "此处应为{expected}，而不是{found}", "expected {expected}, found {found}", "请核对此处各项的类型", "check the types of what stands here"),
    ("A411", "`{name}` 不在其取值之内：{expected}", "`{name}` is not one of the values here: {expected}", "请用所列取值之一", "use one of those"),
    ("A412", "取值不加引号：{given}", "a value is written without quotes: {given}", "请去掉引号", "remove the quotes"),
    ("A413", "`{name}` 是一个取值，此处看不出属于哪个事实", "`{name}` is a value, and nothing here says of which fact", "请与事实比较，如 nature == {name}", "compare it with a fact, as in nature == {name}"),
    ("A414", "清单 `{register}` 不全，条件不能直接读取", "register `{register}` is known in part only, so a condition cannot read it", "请声明一个带 filled_by 的事实，条件读取该事实", "declare a fact with `filled_by` and read the fact"),
    ("A415", "清单 `{register}` 的列 `{column}` 没有 absent", "column `{column}` of register `{register}` has no `absent`", "查无此行时取何值，请在该列写 absent", "say in `absent` what it reads where no row is found"),
    ("A416", "此处看不出集合的类型", "nothing here says what the set is of", "集合写在 in、<=、>= 的右边，左边写事实", "a set stands right of in, <=, >= with a fact on the left"),
    ("A417", "集合中只能写常数", "a set display holds constants only", "请改用 or 连接的比较", "use comparisons joined by `or`"),
    ("A418", "负号只能写在数前", "a minus stands before a number only", "请写 0 - x", "write 0 - x"),
    ("A419", "比较的两边都是常数", "both sides of the comparison are constants", "结果恒定，请检查", "it always comes out the same"),
    ("A420", "{found}不能用 `{op}` 比较", "`{op}` does not compare {found}", "选项、文字和是否用 == 和 !=；集合用 <= 和 >=", "use == and != for values, texts and yes/no, <= and >= for sets"),
    ("A421", "`{given}` 是文字，不是日期", "`{given}` is text, not a date", '请写 date("{given}")', 'write date("{given}")'),
    ("A422", "{left}与{right}不能相比", "cannot compare {left} with {right}", "请核对两边的类型", "compare two things of one type"),
    ("A423", "集合之间用 <= 或 >=，不用 in", "sets compare with <= or >=, not with `in`", "请写 a <= b，即 a 的每一项都在 b 中", "write a <= b: every element of a is one of b"),
    ("A424", "此处应为集合，而不是{found}", "expected a set, found {found}", "请用集合类型的事实，或花括号中的取值", "give a fact of type set, or values in braces"),
    ("A425", "{left}与{right}不能相加减", "cannot add or subtract {left} and {right}", "可以：整数与整数、金额与金额、日期加减天数", "there are int and int, money and money, a date and a number of days"),
    ("A426", "乘法的一边须为整数常数或整数参数", "one side of `*` must be an int literal or int parameter", "请把其中一边写成参数", "make one of them a parameter"),
    ("A427", "算式展开后过大（超过 {size} 个节点或 {depth} 层）", "the expression is too large with its definitions written out (more than {size} nodes or {depth} levels)", "请化简定义", "simplify the definitions"),
    ("A428", "算式的结果可能超出 64 位整数或公元 1 至 9999 年", "the expression can leave 64 bits or the years 1 to 9999", "请给事实写 min、max，或减小倍数", "give the facts `min` and `max`, or use smaller factors"),
    ("A429", "workday 的天数须为 1 至 {most}", "workday takes 1 to {most} days", "请用常数，或有 min、max 的参数", "use a literal, or a parameter whose values lie within"),
    ("A430", "`{name}` 只能写在 invariants 中", "`{name}` belongs into invariants only", "规则的条件不能读取自己的结论", "a rule's condition cannot read the decision that it makes"),
    ("A431", "`{name}` 没有大小之分（{found}），不能写 monotone 或 antitone", "`{name}` cannot be raised or lowered ({found}), so nothing is monotone or antitone in it", "可用：整数、金额、日期、是否、集合（增加元素）", "an int, an amount, a date, a bool or a set (adding elements) can"),
    ("A432", "favourable 的条件须恰好读取一项事实，此处读取了{found}", "a favourable condition reads exactly one fact; here it reads {found}", "可用一项事实、参数、常数和 as_of；定义只读这一项事实的，也可用", "it may read one fact, parameters, constants and as_of; and definitions that read no other fact"),
    # ------------------------------------------------------------- A5 values, periods, registers
    ("A501", "参数 `{name}` 自 {since} 起才有值，而规则自 {start} 起有效", "parameter `{name}` has no value before {since}, but the policy is in force from {start}", "请补上更早的值", "give it an earlier value"),
    ("A504", "期间的终日 {end} 早于始日 {start}", "the period ends ({end}) before it begins ({start})", "请核对日期", "check the dates"),
    ("A505", "规则的有效期与其所属规则（{start} 至 {end}）不相交", "the rule's period does not meet that of its policy ({start} to {end})", "请核对日期", "check the dates"),
    ("A506", "`{name}` 的 min 大于 max", "`min` of `{name}` is above its `max`", "请核对", "check the two"),
    ("A507", "清单 `{register}` 的列 `{column}` 不能为空", "column `{column}` of register `{register}` must not be empty", "请填写，或为该列声明 absent", "fill it in, or declare `absent` for the column"),
    ("A508", "清单 `{register}` 中 `{key}` 在同一天有两行，另一行在第 {line} 行", "register `{register}` has two rows for `{key}` on one day, the other at line {line}", "请用 valid_from、valid_until 分开，或删除其一", "part them by valid_from and valid_until, or delete one"),
    ("A509", "清单 `{register}` 没有内容", "register `{register}` has no rows", "请写 file 或 rows，或由程序在 load(registers=...) 中提供", "give it `file` or `rows`, or hand it in with load(registers=...)"),
    ("A510", "列 `{column}` 出现两次", "column `{column}` stands twice", "请删除其一", "delete one"),
    ("A511", "缺少列 {columns}", "there is no column {columns}", "第一行须为列名", "the first line names the columns"),
    ("A512", "此行有 {found} 格，应为 {expected} 格", "this line has {found} cells, not {expected}", "含逗号的内容请加引号", "put cells that hold commas in quotes"),
    ("A513", "无法读取 `{path}`：{why}", "cannot read `{path}`: {why}", "请核对路径，自规则的文件夹算起", "check the path, which starts from the policy's folder"),
    ("A514", "`{path}` 不在规则的文件夹之内", "`{path}` is outside the policy's folder", "请把文件放进规则的文件夹", "put the file into the policy's folder"),
    ("A515", "不是合法的 CSV：{problem}", "not valid CSV: {problem}", "请检查引号", "check the quotes"),
    ("A516", "查询的主键应为 {expected}，而不是 {found}", "the look-up must match {expected}, not {found}", "请为主键的每一列写一个事实，不多不少", "give a fact for each key column and for no other"),
    ("A518", "各格之间是{mark}，不是逗号", "its cells are separated by {mark}, not by commas", "请另存为以逗号分隔的 CSV", "save it as CSV with commas"),
    ("A517", "没有名为 `{name}` 的清单可供提供", "rows were handed in for `{name}`, and there is no such register", "请核对清单的名称", "check the register's name"),
    # ------------------------------------------------------------------------ A6 layers and books
    ("A601", "`{name}` 改写或放宽了 `{below}` 的内容，却未写入 replaces", "`{name}` redefines or weakens `{below}` without being named in `replaces`", "如确需如此，请在 policy.yaml 的 replaces 中写上 {name}", "if that is meant, add {name} to `replaces` in policy.yaml"),
    ("A602", "tightens 须与 extends 同用", "`tightens` needs a layer below: `extends`", "请写 extends，或去掉 tightens", "add `extends`, or drop `tightens`"),
    ("A603", "tightens 不得改变 `{below}` 对 `{name}` 的 assume", "a layer that tightens may not change what `{below}` assumes of `{name}`", "请恢复原值，或去掉 tightens", "keep the value, or drop `tightens`"),
    ("A604", "replaces 中的 `{name}` 并未改写或放宽任何内容", "`{name}` in `replaces` redefines and weakens nothing", "请改正名称，或删去", "correct the name, or delete it"),
    ("A605", "extends 成环：{names}", "layers extend one another in a circle: {names}", "请去掉其中一个 extends", "drop one `extends`"),
    ("A606", "`{name}` 处的规则自称 `{found}`", "the policy at `{name}` calls itself `{found}`", "文件夹名须与 policy 一致", "a folder must bear the policy's id"),
    ("A607", "在 `{folder}` 中找不到 `{name}`", "there is no policy `{name}` in `{folder}`", "上一层须与本规则并列放置", "the layer below must stand beside this one"),
    ("A608", "地点 `{place}` 在 {day} 没有规则", "no policy for `{place}` on {day}", "该汇编中有：{known}", "the book has: {known}"),
    ("A609", "地点 `{place}` 在 {day} 有多份规则：{names}", "more than one policy for `{place}` on {day}: {names}", "请核对各自的有效期", "check their periods"),
    ("A610", "`{path}` 中没有任何规则", "`{path}` holds no policy", "汇编是装有规则文件夹的文件夹", "a book is a folder of policy folders"),
    ("A611", "`{path}` 是规则汇编，须指明地点", "`{path}` is a book of policies: say which place", "请加 --place；该汇编中有：{known}", "add --place; the book has: {known}"),
    # ------------------------------------------------------------------------ A7 events and watches
    ("A701", "`each` 应为一种事件，或所汇总的各种事件共有的一项，而不是 `{name}`", "`each` is an event type, or a field of every event type gathered, not `{name}`", "请写一种事件，或各种事件共有的一项", "name an event type, or a field that they share"),
    ("A702", "`{name}` 不能作 same：{why}", "`same` cannot have `{name}`: {why}", "请核对此项，或删去", "check the field, or delete it"),
    ("A703", "up_to 只能是本监督规则的事件 `{subject}`，而不是 `{found}`", "`up_to` names the watch's own event `{subject}`, not `{found}`", "请改为该事件，或改用 until", "name that event, or use `until`"),
    ("A704", "`window` 须与 until 或 up_to 同用", "a `window` needs an end: `until` or `up_to`", "请补上 until 或 up_to", "add `until` or `up_to`"),
    ("A705", "`window` 应为 0 至 {most} 天，或 calendar_year", "a `window` is 0 to {most} days, or calendar_year", "请用常数或参数", "use a literal or a parameter"),
    ("A706", "以一项为键的监督规则须有 due", "a watch over a key needs `due`", "否则无从知道通报自何时起成立", "without it there is no moment from which the notice stands"),
    ("A707", "以一项为键时，due 须读且只读一件汇总事件（first 或 latest），而此处读了 {found} 件", "over a key, `due` reads exactly one event gathered with first or latest; this one reads {found}", "请让 due 只读一件 first 或 latest", "let `due` read one event gathered with first or latest"),
    ("A708", "`{name}` 的截止时刻此处尚不可知，不能读取", "`{name}` ends at a moment that is not known here, so it cannot be read", "请改用已知的时刻", "use a moment that is known"),
    ("A709", "监督规则不能读取任务的事实或定义 `{name}`", "a watch cannot read `{name}`, a fact or definition of a task", "监督规则读取事件、参数和自己的查询", "it reads events, parameters and look-ups of its own"),
    ("A710", "本监督规则没有 due", "this watch has no `due`", "请写 due，或不读它", "add `due`, or do not read it"),
    ("A711", "规则 `{name}` 没有监督规则", "policy `{name}` has no watches", "请在 watches 中写出", "write them under `watches`"),
    ("A713", "引擎无法运行这些监督规则：{problem}", "the engine cannot run these watches: {problem}", "请化简条件，或减少监督规则", "simplify their conditions, or have fewer of them"),
    ("A712", "`{name}` 一名在此监督规则中已有所指", "`{name}` stands for something else in this watch", "请改名", "choose another name"),
    # -------------------------------------------------------------------------- A9 tasks and input
    ("A901", "不是合法的 JSON：{problem}", "not valid JSON: {problem}", "请检查引号、逗号和括号", "check quotes, commas and brackets"),
    ("A902", "任务须为对象（键: 值），而不是 `{found}`", "a task must be an object, key: value, not `{found}`", "", ""),
    ("A903", "重复的键 `{key}`", "duplicate key `{key}`", "请删除其一", "delete one"),
    ("A904", "不认识的文件类型 `{suffix}`", "unknown kind of file `{suffix}`", "可用 .yaml .yml .json .jsonl .ndjson .csv；标准输入请加 --input-format", "use .yaml, .yml, .json, .jsonl, .ndjson or .csv; for standard input say --input-format"),
    ("A905", "文件以字节顺序标记（BOM）开头", "the file begins with a byte-order mark", "各行已照常读取；请另存为不带 BOM 的 UTF-8", "its rows were read all the same; save it as UTF-8 without a mark"),
    ("A906", "一行过长，超过 {most} 个字符", "a line is longer than {most} characters", "", ""),
    ("A907", "没有编号为 `{id}` 的任务", "there is no task with the id `{id}`", "文件中有：{known}", "the file has: {known}"),
    ("A908", "{option} 的值 `{given}` 不对：应为{expected}", "{option}={given} will not do: expected {expected}", "", ""),
    ("A909", "此功能需要 {package}。请运行：pip install 'admission[{extra}]'", "this needs {package}; run: pip install 'admission[{extra}]'", "", ""),
    ("A927", "文件中没有任务", "the file holds no task", "每个任务是一组“事实: 值”", "a task is a mapping of facts to values"),
    ("A928", "文件中有多个任务，须用 --id 指明", "the file has several tasks: say which with --id", "文件中有：{known}", "the file has: {known}"),
    ("A929", "--ask 要从标准输入读回答，任务便不能也从那里来", "--ask reads answers from standard input, so the task cannot come from there too", "请把任务存为文件，再给出文件名", "save the task in a file and name it"),
    ("A910", "没有事实 `{fact}`", "there is no fact `{fact}`", "", ""),
    ("A911", "`{fact}` 应为{expected}，而给出的是 `{given}`", "`{fact}` takes {expected}, not `{given}`", "", ""),
    ("A912", "`{fact}` 超出范围：应为{expected}，而给出的是 `{given}`", "`{fact}` is out of range: expected {expected}, given `{given}`", "", ""),
    ("A913", "`{fact}` 没有取值 `{given}`：应为{expected}", "`{fact}` has no value `{given}`: expected {expected}", "", ""),
    ("A914", "`{fact}` 中有重复：`{given}`", "`{fact}` repeats `{given}`", "集合中每项只写一次", "each element stands once"),
    ("A915", "`{fact}` 的文字过长", "`{fact}` is too long a text", "至多 10000 个字符", "10,000 characters at most"),
    ("A916", "`{fact}` 的日期 `{given}` 不存在", "`{fact}` gives a date that does not exist: `{given}`", "请核对年月日", "check year, month and day"),
    ("A917", "`{fact}` 不是有限的数：`{given}`", "`{fact}` is not a finite number: `{given}`", "应为{expected}", "expected {expected}"),
    ("A918", "`{fact}` 的小数过多：`{given}`", "`{fact}` has too many decimals: `{given}`", "金额以元计，至多两位小数，不会四舍五入", "amounts are in yuan with at most two decimals; nothing is rounded"),
    ("A920", "没有决定日期 as_of", "there is no `as_of`, the day of the decision", "请在任务中写 as_of，或由调用者给出", "give it in the task or with the call"),
    ("A921", "as_of 两次给出且不一致：任务中为 {given}，调用时为 {expected}", "`as_of` is given twice and differently: {given} in the task, {expected} with the call", "请只给一次", "give it once"),
    ("A922", "as_of {given} 不在规则的有效期内（{expected}）", "`as_of` {given} is outside the policy's period ({expected})", "请核对日期，或选用当时有效的规则", "check the day, or use the policy in force then"),
    ("A923", "`{fact}` 给出的 `{given}` 与清单所载不符：{expected}", "`{fact}` is given as `{given}`, but the register says {expected}", "请核对任务，或更正清单", "check the task, or correct the register"),
    ("A924", "任务须为映射（事实名: 值），而不是 `{given}`", "a task must be a mapping of facts to values, not `{given}`", "", ""),
    ("A930", "事件须为映射（项: 值），而不是 `{given}`", "an event must be a mapping of fields to values, not `{given}`", "", ""),
    ("A931", "事件没有 `{fact}`：应为{expected}", "the event has no `{fact}`: expected {expected}", "", ""),
    ("A932", "没有事件 `{given}`", "there is no event type `{given}`", "可用：{expected}", "there are: {expected}"),
    ("A933", "事件没有名为 `{fact}` 的一项", "an event of this type has no field `{fact}`", "可用：{expected}", "it has: {expected}"),
    ("A934", "`{fact}` 应为{expected}，而给出的是 `{given}`", "`{fact}` takes {expected}, not `{given}`", "不写时差即为北京时间", "without an offset it is Asia/Shanghai time"),
    ("A935", "编号 `{given}` 已有另一内容的事件", "another event with other content has the id `{given}`", "同一事件可以重复报送，内容须一致；更正请撤回后另报", "an event may be sent twice if nothing in it changes; to correct one, withdraw it and send another"),
    ("A936", "`{given}` 是一次撤回，不能再撤回", "`{given}` is itself a withdrawal, which cannot be withdrawn", "", ""),
    ("A937", "时钟不能倒拨：已到 {expected}，而给出的是 {given}", "the clock does not go back: it is {expected}, given {given}", "", ""),
    ("A939", "--follow 只读一个不断增长的 JSON Lines 文件，或标准输入（-）", "--follow reads one growing JSON Lines file, or standard input, -", "", ""),
    ("A938", "不是监督的快照：{problem}", "not a snapshot of supervision: {problem}", "", ""),
    ("A940", "`{path}` 无法读完：{problem}", "`{path}` cannot be read to its end: {problem}", "文件可能不完整或已损坏；没有写出任何内容", "the file may be truncated or damaged; nothing was written"),
    ("A941", "不认识的文件类型 `{suffix}`", "unknown kind of file `{suffix}`", "可用：{known}", "there are: {known}"),
    ("A942", "`{fact}` 一列的类型是 {found}，其中没有{expected}", "column `{fact}` is of type {found}, which holds no value of it: expected {expected}", "请先转换为 {type}", "cast it to {type} first"),
    ("A943", "文字中有不成对的代理字符，不是 Unicode 文字", "a text holds half of a surrogate pair, so it is not Unicode", "请核对来源的编码", "check how its source encodes text"),
    ("A944", "无法写入 `{path}`：{why}", "cannot write `{path}`: {why}", "没有写出任何内容；请核对路径、权限和磁盘空间", "nothing was written; check the path, its permissions and the space on the disk"),
    ("A946", "各行的日子不属于同一份规则：{names}", "the rows' days call for more than one policy: {names}", "请用 --as-of 指定一天，或按规则拆分文件", "say the day with --as-of, or split the file by policy"),
    ("A945", "`{path}` 既要读又要写", "`{path}` is both read and written", "请另取一个名称", "choose another name"),
    ("A925", "预期中没有 `{fact}` 一项", "a case cannot expect `{fact}`", "可用：{expected}", "it can expect: {expected}"),
)  # fmt: skip

KINDS: dict[str, Kind] = {row[0]: Kind(*row) for row in _ERRORS}

# What the prover finds (A8): errors keep a policy from doing what it promises, warnings are worth a look.
_REFUTED: tuple[tuple[str, str, str, str, str], ...] = (
    ("A801", "分流规则 {names} 对同一事项同时成立", "routes {names} both take the same task", "请改写条件，或用 overrides 说明何者优先", "change their conditions, or say with `overrides` which stands above"),
    ("A807", "不变式 `{name}` 不成立：{reason}", "invariant `{name}` does not hold: {reason}", "下列事项违反它；请修改规则，或修改不变式", "the task below breaks it; change the rules, or the invariant"),
    ("A808", "不变式 `{name}` 不成立：`{fact}` 增加后反而不予准入（{reason}）", "invariant `{name}` does not hold: raising `{fact}` turns admission into refusal ({reason})", "见下列两件事项", "see the two tasks below"),
    ("A813", "不变式 `{name}` 不成立：`{fact}` 减少后反而不予准入（{reason}）", "invariant `{name}` does not hold: lowering `{fact}` turns admission into refusal ({reason})", "见下列两件事项", "see the two tasks below"),
    ("A814", "不变式 `{name}` 不成立：`{fact}` 换一个值，决定就不同（{reason}）", "invariant `{name}` does not hold: another `{fact}` changes the decision ({reason})", "见下列两件事项", "see the two tasks below"),
    ("A815", "不变式 `{name}` 不成立：`{fact}` 使条件成就后反而不予准入（{reason}）", "invariant `{name}` does not hold: a `{fact}` that makes its condition true turns admission into refusal ({reason})", "见下列两件事项", "see the two tasks below"),
    ("A809", "`{name}` 声明只收紧，却准予了 `{below}` 不予准入的事项", "`{name}` says that it tightens, but admits what `{below}` does not", "请恢复被放宽的内容，或去掉 tightens", "restore what was weakened, or drop `tightens`"),
    ("A810", "情况完整的事项不能决定", "a complete task is not decided", "", ""),
    ("A811", "两份规则没有共同有效的日子（{old}；{new}）", "the two policies are in force on no common day ({old}; {new})", "请用 --as-of-old 和 --as-of-new 各指定一天", "say on which days to compare them with --as-of-old and --as-of-new"),
    ("A812", "求解器不能处理：{what}", "the solver cannot say this: {what}", "", ""),
    ("A899", "`{name}` 在 {seconds} 秒内未能证明：{what}", "`{name}`: not proved within {seconds} s: {what}", "既未证实也未推翻；请用 --seconds 放宽时间，或化简条件", "neither proved nor refuted; allow more time with --seconds, or simplify the condition"),
)  # fmt: skip
_DOUBTFUL: tuple[tuple[str, str, str, str, str], ...] = (
    ("A802", "有的事项没有任何分流规则受理", "there is a task that no route takes", "这类事项不予准入（no_route）；要求一概有去向，请写不变式 never: violated(no_route)", "such a task is refused with no_route; to demand that there is none, write the invariant never: violated(no_route)"),
    ("A803", "`{name}` 永远不会适用", "`{name}` can never apply", "请核对条件、有效期和所属去向", "check its condition, period and channels"),
    ("A804", "要求 `{name}` 永远不会被违反", "requirement `{name}` can never be violated", "它不影响任何决定，请核对或删去", "it changes no decision; check it or delete it"),
    ("A805", "分流规则 `{name}` 总是被 {above} 压过", "route `{name}` is always overridden by {above}", "请核对 overrides 和条件", "check the overrides and conditions"),
    ("A806", "例外 `{name}` 把要求 `{waived}` 全部放过", "exception `{name}` lets everything through that `{waived}` would stop", "请给例外加上条件，或删去该要求", "give the exception a narrower condition, or delete the requirement"),
)  # fmt: skip
KINDS.update({row[0]: Kind(*row) for row in _REFUTED})
KINDS.update({row[0]: Kind(*row, severity="warning") for row in _DOUBTFUL})

# What the lints find (A0) in a policy that loads: worth a look, and two kinds that are plainly wrong.
_LINTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("A001", "{what} `{name}` 没有任何地方用到", "{what} `{name}` is never used", "请删去；如有意保留，请在该项写 silence 说明", "delete it, or say in its `silence` why it is kept"),
    ("A002", "没有分流规则通向去向 `{name}`", "no route leads to channel `{name}`", "请写一条 to: {name} 的分流规则，或删去该去向", "write a route with `to: {name}`, or delete the channel"),
    ("A003", "`{expression}` 永远不会成立：{why}", "`{expression}` can never hold: {why}", "请核对数值、类型的范围和条件", "check the values, the type's range and the condition"),
    ("A004", "`{expression}` 总是成立：{why}", "`{expression}` always holds: {why}", "请核对；如无意义请删去", "check it; delete it if it says nothing"),
    ("A005", "`{expression}` 在同一条件中写了两次", "`{expression}` stands twice in one condition", "请删去其一，或改正其一", "delete one, or correct one"),
    ("A006", "参数 `{name}` 自 {day} 起的值与此前相同", "the value of parameter `{name}` from {day} on is the one before it", "请删去该行，或改正数值", "delete the line, or correct the value"),
    ("A007", "参数 `{name}` 自 {day} 起的值不会用到：规则至 {end} 止", "the value of parameter `{name}` from {day} on is never in force: the policy ends on {end}", "请核对日期", "check the days"),
    ("A008", "清单 `{register}` 的这一行永远不会匹配：{why}", "this row of register `{register}` can never match: {why}", "请更正或删去该行", "correct the row or delete it"),
    ("A009", "清单 `{register}` 中 `{key}` 自 {start} 至 {end} 没有行", "register `{register}` has no row for `{key}` from {start} to {end}", "请补上该期间，或延长前一行的有效期", "add a row for those days, or let the row before last longer"),
    ("A010", "例外 `{name}` 有效时，要求 `{waived}` 从不同时有效，不起作用", "exception `{name}` and requirement `{waived}` are never in force on the same day, so nothing is waived", "请核对两者的有效期", "check the periods of the two"),
    ("A011", "分流规则 `{name}` 与所压过的 `{below}` 从不同时有效", "route `{name}` and `{below}`, which it overrides, are never in force on the same day", "请核对两者的有效期", "check the periods of the two"),
    ("A012", "要求 `{name}` 有效时，没有分流规则通向 `{channel}`", "while requirement `{name}` is in force, no route leads to `{channel}`", "请核对 for 和有效期", "check `for` and the periods"),
    ("A013", "所引文字不在来源 `{source}` 所存的原文中", "the words quoted do not stand in the kept text of source `{source}`", "请照原文引用；空白和标点不计", "quote the text as it stands; white space and punctuation do not count"),
    ("A014", "来源 `{source}` 的这一段没有任何规则引用：{passage}", "no rule cites this passage of source `{source}`: {passage}", "请写出相应的规则；与本规则无关的，在该来源写 silence 说明", "write the rule it calls for; where it calls for none, say so in the source's `silence`"),
    ("A015", "`{name}` 的 silence 中 {code} 并未压住任何警告", "the silence of {code} at `{name}` silences nothing", "请删去", "delete it"),
    ("A016", "`{place}` 自 {start} 至 {end} 同时有两份规则：{names}", "`{place}` has two policies from {start} to {end}: {names}", "请核对各自的有效期", "check their periods"),
    ("A017", "`{place}` 自 {start} 至 {end} 没有规则：前后为 {names}", "`{place}` has no policy from {start} to {end}, between {names}", "请延长前一份，或提前后一份的有效期", "let the one before last longer, or the one after begin earlier"),
    ("A018", "没有去向的结果是 {verdict}，义务 `{name}` 不会随之产生", "no channel's outcome is {verdict}, so obligation `{name}` never comes with it", "请核对 verdicts 和各去向的 outcome", "check `verdicts` and the channels' outcomes"),
    ("A019", "`{name}` 的取值 `{value}` 没有各语言的名称", "value `{value}` of `{name}` has no label in each language", "请写 {value}: {{zh: …, en: …}}", "write {value}: {{zh: …, en: …}}"),
    ("A020", "没有来源写明 `text: {path}`，引文不会与它核对", "no source names `text: {path}`, so no quote is held to it", "请在相应来源写上 text: {path}，或移走该文件", "add `text: {path}` to the source it is the text of, or move the file away"),
    ("A021", "没有任何地方读取 `{path}`，其中的内容不起作用", "nothing reads `{path}`, so what it says is not in force", "规则写在 rules/*.yaml，案例写在 cases/*.yaml 和 event_cases/*.yaml，表格由清单的 file 写明；请移到该处，或移走", "rules stand in rules/*.yaml, cases in cases/*.yaml and event_cases/*.yaml, tables under a register's `file`; move it there, or away"),
    ("A022", "本规则自 {start} 至 {end} 有效，而上一层 `{below}` 当时无效", "the policy is in force from {start} to {end}, but `{below}`, which it builds on, is not", "这些日子里上一层的规则都不适用；请核对两者的有效期", "none of the rules of the layer below holds on those days; check the periods of the two"),
)  # fmt: skip
_PLAINLY_WRONG = frozenset(("A013", "A016"))
KINDS.update({row[0]: Kind(*row, severity="error" if row[0] in _PLAINLY_WRONG else "warning") for row in _LINTS})

# INVARIANT: what is said about a whole book or a stray file has no declaration that could silence it, nor has an idle
# silence.
SILENCEABLE = tuple(
    sorted({c for c, kind in KINDS.items() if kind.severity == "warning"} - {"A015", "A017", "A020", "A021", "A022"})
)
