//! The list of columns.

use shouwang_proto::publication::Kind;

use super::column::{Column, Field};

const PRACTICE: &[Kind] = &[Kind::Practice];
const COURSE: &[Kind] = &[Kind::Course];
const RESOURCE: &[Kind] = &[Kind::Resource];
const ALL: &[Kind] = &[];

const fn column(
    field: Field,
    path: &'static str,
    kinds: &'static [Kind],
    zh: &'static str,
    en: &'static str,
    others: &'static str,
) -> Column {
    Column { field, path, kinds, zh, en, others, required: false, list: None, groups: 1 }
}

const fn required(column: Column) -> Column {
    Column { required: true, ..column }
}

const fn from_list(column: Column, list: &'static str) -> Column {
    Column { list: Some(list), ..column }
}

const fn grouped(column: Column, groups: usize) -> Column {
    Column { groups, ..column }
}

/// Most dates of a course and most contacts of a resource, as the contract has them.
const SESSIONS: usize = 200;
const CONTACTS: usize = 10;

/// All columns, in the order of template and export. Columns of a group stand together.
pub const COLUMNS: &[Column] = &[
    column(Field::Kind, "kind", ALL, "类型", "Kind", "发布类型|类别|种类|type"),
    column(
        Field::ExternalId,
        "external_id",
        ALL,
        "编号",
        "External id",
        "外部编号|单位编号|资源编号|课程编号|物资编号|资产编号|编码|id|number|no|code",
    ),
    required(column(
        Field::Title,
        "title",
        ALL,
        "标题",
        "Title",
        "名称|题目|主题|实践名称|经验名称|做法名称|课程名称|课程|资源标题|name|course name|course",
    )),
    column(Field::Summary, "summary", ALL, "摘要", "Summary", "概述|一句话|简述|abstract"),
    // A text may be longer than a cell can hold; the rest stands in a second one.
    grouped(
        column(
            Field::Body,
            "body",
            ALL,
            "正文",
            "Body",
            "内容|详细内容|描述|说明|简介|做法|具体做法|课程内容|课程简介|备注|description|content|text|details|remarks",
        ),
        2,
    ),
    column(Field::Tags, "tags", ALL, "标签", "Tags", "关键词|关键字|keywords"),
    from_list(
        column(Field::Sectors, "sectors", ALL, "行业", "Sectors", "分联盟行业|分联盟|适用行业|sector"),
        "sector",
    ),
    column(Field::Language, "language", ALL, "语言", "Language", "语种"),
    column(
        Field::Audience,
        "audience",
        ALL,
        "可见范围",
        "Audience",
        "可见分组|公开范围|分组|groups|visible to",
    ),
    from_list(
        column(
            Field::Hazards,
            "practice.hazards",
            PRACTICE,
            "致害类型",
            "Accident types",
            "事故类型|事故类别|危害|风险|hazards|hazard",
        ),
        "hazard",
    ),
    from_list(
        column(
            Field::Operations,
            "practice.operations",
            PRACTICE,
            "特殊作业",
            "Special operations",
            "作业类型|危险作业|operations|operation",
        ),
        "operation",
    ),
    column(
        Field::Standards,
        "practice.standards",
        PRACTICE,
        "依据标准",
        "Standards",
        "标准|依据|法规标准|引用标准|标准依据|standard|laws",
    ),
    column(
        Field::Evidence,
        "practice.evidence",
        PRACTICE,
        "成效",
        "Evidence",
        "效果|实施效果|实证|数据|results|effect",
    ),
    required(column(
        Field::Provider,
        "course.provider",
        COURSE,
        "授课单位",
        "Provider",
        "讲师|授课人|主讲|主讲人|培训单位|teacher|trainer|lecturer",
    )),
    column(
        Field::Attendees,
        "course.attendees",
        COURSE,
        "培训对象",
        "Attendees",
        "对象|参加人员|适用对象|for whom",
    ),
    required(column(
        Field::DurationHours,
        "course.duration_hours",
        COURSE,
        "学时",
        "Duration hours",
        "课时|时长|培训时长|小时|hours|duration",
    )),
    from_list(
        required(column(
            Field::Format,
            "course.format",
            COURSE,
            "授课形式",
            "Course format",
            "形式|培训形式|授课方式|培训方式|format",
        )),
        "course-format",
    ),
    required(column(
        Field::Seats,
        "course.seats",
        COURSE,
        "人数",
        "Seats",
        "名额|座位|座位数|容纳人数|培训人数|capacity",
    )),
    grouped(
        column(
            Field::SessionStarts,
            "course.sessions[#].starts_at",
            COURSE,
            "开始时间",
            "Starts at",
            "开课时间|培训时间|场次开始时间|场次开始|时间|日期|start|start time|date",
        ),
        SESSIONS,
    ),
    grouped(
        column(
            Field::SessionEnds,
            "course.sessions[#].ends_at",
            COURSE,
            "结束时间",
            "Ends at",
            "场次结束时间|场次结束|end|end time",
        ),
        SESSIONS,
    ),
    grouped(
        column(
            Field::SessionPlace,
            "course.sessions[#].place",
            COURSE,
            "地点",
            "Place",
            "授课地点|培训地点|场次地点|教室|venue",
        ),
        SESSIONS,
    ),
    grouped(
        column(
            Field::SessionSeats,
            "course.sessions[#].seats",
            COURSE,
            "本场人数",
            "Session seats",
            "本场名额|场次人数|场次名额",
        ),
        SESSIONS,
    ),
    from_list(
        required(column(
            Field::ResourceKind,
            "resource.resource_kind",
            RESOURCE,
            "资源类别",
            "Resource kind",
            "资源种类|资源大类|类别|分类|category",
        )),
        "resource-kind",
    ),
    required(column(
        Field::ResourceType,
        "resource.resource_type",
        RESOURCE,
        "资源名称",
        "Resource type",
        "物资名称|装备名称|设备名称|资源类型|品名|型号名称|item|resource",
    )),
    column(
        Field::Capabilities,
        "resource.capabilities",
        RESOURCE,
        "能力",
        "Capabilities",
        "救援能力|功能|用途|性能|capability|abilities",
    ),
    required(column(
        Field::Quantity,
        "resource.quantity",
        RESOURCE,
        "数量",
        "Quantity",
        "总数|库存|人数|amount|qty|stock",
    )),
    required(column(Field::Unit, "resource.unit", RESOURCE, "单位", "Unit", "计量单位|uom")),
    required(column(
        Field::MusterMinutes,
        "resource.muster_minutes",
        RESOURCE,
        "集结分钟",
        "Muster minutes",
        "集结时间|出动时间|响应时间|准备时间|集结时间分钟|response time|ready in minutes",
    )),
    column(
        Field::InspectionDue,
        "resource.inspection_due",
        RESOURCE,
        "下次检验",
        "Inspection due",
        "下次检验日期|检验有效期|检验日期|有效期|有效期至|年检日期|next inspection|valid until|expiry",
    ),
    grouped(
        required(column(
            Field::ContactName,
            "resource.duty_contacts[#].name",
            RESOURCE,
            "值班联系人",
            "Contact",
            "联系人|联系人姓名|值班联系人姓名|值班人|值班人员|负责人|负责人姓名|管理人|责任人|contact name|contact person",
        )),
        CONTACTS,
    ),
    grouped(
        required(column(
            Field::ContactPhone,
            "resource.duty_contacts[#].phone",
            RESOURCE,
            "值班电话",
            "Contact phone",
            "电话|联系电话|手机|手机号|手机号码|联系方式|电话号码|联系人电话|联系人手机|值班联系人电话|值班联系人手机|负责人电话|phone|telephone|mobile|tel",
        )),
        CONTACTS,
    ),
    grouped(
        column(
            Field::ContactDuty,
            "resource.duty_contacts[#].duty",
            RESOURCE,
            "职务",
            "Contact duty",
            "值班时段|岗位|联系人职务|值班联系人职务|duty|position",
        ),
        CONTACTS,
    ),
    column(
        Field::Address,
        "resource.location.address",
        RESOURCE,
        "地址",
        "Address",
        "存放地点|存放位置|所在位置|位置|位置地址|地点|location|place",
    ),
    column(Field::Latitude, "resource.location.latitude", RESOURCE, "纬度", "Latitude", "位置纬度|lat"),
    column(
        Field::Longitude,
        "resource.location.longitude",
        RESOURCE,
        "经度",
        "Longitude",
        "位置经度|lon|lng",
    ),
    column(
        Field::PreAuthorised,
        "resource.pre_authorised",
        RESOURCE,
        "可直接调用",
        "Pre-authorised",
        "预授权|是否预授权|是否可直接调用|preauthorized",
    ),
    column(Field::Floor, "resource.floor", RESOURCE, "自留数量", "Floor", "保底数量|自留|最低保有量|reserve"),
];
