"""The tracking plan: every event that the product sends, with its properties.

To add an event, add a class. Its name is `object.action` in lower case, the action in the past
tense; its docstring says in one sentence what happened; its owner is the team that answers
questions about it; its example is sent around as documentation. Below each property stands what it
means. A property is required, or may be left out: `| None = None`. What not everybody may know says
so: `Annotated[str | None, PERSONAL] = None`; what nobody may store is HASHED or REDACTED on its way in.

Names are `object.action`; another convention is set here, once: `NAMES = NameConvention(...)`.
"""

from typing import Annotated, Literal

from event_registry.definitions import HASHED, INTERNAL, PERSONAL, Amount, Count, Event, Timestamp, Traits


class ReportCreated(
    Event,
    name="report.created",
    owner="reporting",
    since="2025-03-03",
    example={"report_id": "rep_42", "template": "weekly-sales", "chart_count": 3},
):
    """A user saved a new report for the first time."""

    report_id: str
    """The report's id in our database."""
    template: str | None = None
    """The template it was started from; absent when it was started from nothing."""
    chart_count: Count | None = None
    """The number of charts in the report when it was saved."""
    is_shared: bool | None = None
    """Whether others in the account can see the report."""


class ReportExported(
    Event,
    name="report.exported",
    owner="reporting",
    since="2025-03-03",
    example={"report_id": "rep_42", "format": "csv", "row_count": 1200},
):
    """A user downloaded a report as a file."""

    report_id: str
    """The report's id in our database."""
    format: Literal["csv", "pdf", "xlsx"]
    """The kind of file."""
    row_count: Count | None = None
    """The number of rows in the file, without headings."""
    duration_ms: Amount | None = None
    """How long the user waited for the file, in milliseconds."""


class UserSignedUp(
    Event,
    name="user.signed_up",
    owner="growth",
    since="2025-01-13",
    example={"method": "google", "invitation_id": "inv_7"},
):
    """A person finished signing up and has a user of their own."""

    method: Literal["password", "google", "microsoft", "saml"]
    """How the person proved who they are."""
    invitation_id: str | None = None
    """The invitation that brought them; absent when they came by themselves."""
    referrer: str | None = None
    """The address of the page that led them to us."""


class UserInvited(
    Event,
    name="user.invited",
    owner="growth",
    since="2025-01-13",
    example={"invitation_id": "inv_7", "role": "editor", "seats_left": 4},
):
    """A user invited somebody to join their account."""

    invitation_id: str
    """The invitation's id, which user.signed_up bears when it is accepted."""
    role: Literal["viewer", "editor", "admin"]
    """What the invited person will be allowed to do."""
    seats_left: Count | None = None
    """The number of seats that the account has left after this one."""
    invitee_email: Annotated[str | None, HASHED] = None
    """The address that the invitation went to, of a person who has not agreed to anything yet."""


class SubscriptionUpgraded(
    Event,
    name="subscription.upgraded",
    owner="billing",
    since="2025-02-03",
    example={"from_plan": "team", "to_plan": "business", "seat_count": 25, "mrr": 1250.0},
):
    """An account moved to a larger plan."""

    from_plan: str
    """The plan before."""
    to_plan: str
    """The plan from now on."""
    seat_count: Count | None = None
    """The number of seats paid for from now on."""
    mrr: Annotated[Amount | None, INTERNAL] = None
    """The monthly recurring revenue from now on, in euros."""
    is_self_serve: bool | None = None
    """Whether the customer did it alone, without our sales team."""


class SubscriptionCanceled(
    Event,
    name="subscription.canceled",
    owner="billing",
    since="2025-02-03",
    example={"plan": "team", "reason": "too_expensive", "ends_at": "2026-01-31T23:59:59Z"},
):
    """An account gave notice; it keeps its plan until the period that is paid for ends."""

    plan: str
    """The plan given up."""
    reason: Literal["too_expensive", "missing_feature", "switched", "closed", "other"] | None = None
    """What the customer chose in the form; absent when the form was skipped."""
    ends_at: Timestamp | None = None
    """When the period that is paid for ends."""
    mrr: Annotated[Amount | None, INTERNAL] = None
    """The monthly recurring revenue that ends, in euros."""


class IntegrationConnected(
    Event,
    name="integration.connected",
    owner="platform",
    since="2025-06-02",
    example={"integration": "salesforce", "is_first": True, "scopes": ["read"]},
):
    """A user connected the account to another product for the first time, or again."""

    integration: str
    """The other product, as our integrations directory names it."""
    is_first: bool | None = None
    """Whether the account had no integration before."""
    scopes: list[str] | None = None
    """The rights that the other product granted us."""


class DashboardShared(
    Event,
    name="dashboard.shared",
    owner="collaboration",
    since="2025-03-17",
    example={"dashboard_id": "dash_9", "audience": "account", "recipient_count": 12},
):
    """A user let others see a dashboard."""

    dashboard_id: str
    """The dashboard's id in our database."""
    audience: Literal["people", "account", "public"]
    """Who can see it now: chosen people, everybody in the account, or whoever has the link."""
    recipient_count: Count | None = None
    """The number of people who were told about it."""


class CommentAdded(
    Event,
    name="comment.added",
    owner="collaboration",
    since="2025-04-07",
    example={"comment_id": "com_3", "subject": "report", "mention_count": 1},
):
    """A user wrote a comment."""

    comment_id: str
    """The comment's id in our database."""
    subject: Literal["report", "dashboard", "file"]
    """The kind of thing that was commented on."""
    mention_count: Count | None = None
    """The number of users mentioned in the comment."""
    is_reply: bool | None = None
    """Whether the comment answers another one."""


class FileUploaded(
    Event,
    name="file.uploaded",
    owner="platform",
    since="2025-04-07",
    example={"file_id": "file_5", "size_bytes": 48213, "content_type": "text/csv"},
):
    """A user's file arrived complete and can be used."""

    file_id: str
    """The file's id in our database."""
    size_bytes: Count | None = None
    """The size of the file, in bytes."""
    content_type: str | None = None
    """The media type of the file, as the browser named it."""
    duration_ms: Amount | None = None
    """How long the upload took, in milliseconds."""


class UserTraits(
    Traits,
    call="identify",
    owner="growth",
    since="2025-01-13",
    example={"email": "ada@example.com", "name": "Ada", "plan": "team", "created_at": "2025-06-01T09:30:00Z"},
):
    """What we know of a user."""

    email: Annotated[str | None, PERSONAL] = None
    """The address that the user signs in with."""
    name: Annotated[str | None, PERSONAL] = None
    """The full name, as the user wrote it."""
    plan: str | None = None
    """The plan of the user's account."""
    role: str | None = None
    """What the user is allowed to do in the account."""
    created_at: Timestamp | None = None
    """When the user signed up."""


class AccountTraits(
    Traits,
    call="group",
    owner="billing",
    since="2025-02-03",
    example={"name": "Analytical Engines", "plan": "business", "seat_count": 25, "mrr": 1250.0},
):
    """What we know of an account, a customer with its users; snapshots send most of it."""

    name: str | None = None
    """The account's name, as its owner wrote it."""
    plan: str | None = None
    """The plan that the account is on."""
    seat_count: Count | None = None
    """The number of seats paid for."""
    mrr: Annotated[Amount | None, INTERNAL] = None
    """The monthly recurring revenue, in euros."""
    prorated_mrr: Annotated[Amount | None, INTERNAL] = None
    """The recurring revenue of the calendar month, in euros: each subscription for the days that it was active."""
    is_deleted: bool | None = None
    """Whether the account is gone; absent while it is not."""
    industry: str | None = None
    """The line of business that the account's owner chose."""
    created_at: Timestamp | None = None
    """When the account was opened."""
