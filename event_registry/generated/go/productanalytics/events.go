// Code generated from the tracking plan by `analytics plan generate`. DO NOT EDIT.

package productanalytics

import "time"

// Event is an event of the tracking plan.
type Event interface {
	eventName() string
	problems() []string
}

// Of gives an optional field its value, the zero value of a type too: a nil field is left out.
func Of[T any](value T) *T {
	return &value
}

// CommentAdded is comment.added.
//
// A user wrote a comment.
//
// Owner: collaboration. Since 2025-04-07.
type CommentAdded struct {
	// The comment's id in our database.
	CommentID string `json:"comment_id"`

	// The kind of thing that was commented on.
	Subject CommentAddedSubject `json:"subject"`

	// The number of users mentioned in the comment.
	MentionCount *int64 `json:"mention_count,omitempty"`

	// Whether the comment answers another one.
	IsReply *bool `json:"is_reply,omitempty"`
}

// NewCommentAdded has what CommentAdded needs; what may be left out is set on it.
func NewCommentAdded(commentID string, subject CommentAddedSubject) CommentAdded {
	return CommentAdded{CommentID: commentID, Subject: subject}
}

// CommentAddedSubject is what Subject of CommentAdded may be.
type CommentAddedSubject string

// The choices of CommentAddedSubject.
const (
	CommentAddedSubjectReport    CommentAddedSubject = "report"
	CommentAddedSubjectDashboard CommentAddedSubject = "dashboard"
	CommentAddedSubjectFile      CommentAddedSubject = "file"
)

func (values CommentAdded) problems() (found []string) {
	found = oneOf(found, "subject", values.Subject, "report", "dashboard", "file")
	if values.MentionCount != nil {
		found = atLeast(found, "mention_count", float64(*values.MentionCount), 0)
	}
	return found
}

func (CommentAdded) eventName() string {
	return "comment.added"
}

// DashboardShared is dashboard.shared.
//
// A user let others see a dashboard.
//
// Owner: collaboration. Since 2025-03-17.
type DashboardShared struct {
	// The dashboard's id in our database.
	DashboardID string `json:"dashboard_id"`

	// Who can see it now: chosen people, everybody in the account, or whoever has the link.
	Audience DashboardSharedAudience `json:"audience"`

	// The number of people who were told about it.
	RecipientCount *int64 `json:"recipient_count,omitempty"`
}

// NewDashboardShared has what DashboardShared needs; what may be left out is set on it.
func NewDashboardShared(dashboardID string, audience DashboardSharedAudience) DashboardShared {
	return DashboardShared{DashboardID: dashboardID, Audience: audience}
}

// DashboardSharedAudience is what Audience of DashboardShared may be.
type DashboardSharedAudience string

// The choices of DashboardSharedAudience.
const (
	DashboardSharedAudiencePeople  DashboardSharedAudience = "people"
	DashboardSharedAudienceAccount DashboardSharedAudience = "account"
	DashboardSharedAudiencePublic  DashboardSharedAudience = "public"
)

func (values DashboardShared) problems() (found []string) {
	found = oneOf(found, "audience", values.Audience, "people", "account", "public")
	if values.RecipientCount != nil {
		found = atLeast(found, "recipient_count", float64(*values.RecipientCount), 0)
	}
	return found
}

func (DashboardShared) eventName() string {
	return "dashboard.shared"
}

// FileUploaded is file.uploaded.
//
// A user's file arrived complete and can be used.
//
// Owner: platform. Since 2025-04-07.
type FileUploaded struct {
	// The file's id in our database.
	FileID string `json:"file_id"`

	// The size of the file, in bytes.
	SizeBytes *int64 `json:"size_bytes,omitempty"`

	// The media type of the file, as the browser named it.
	ContentType *string `json:"content_type,omitempty"`

	// How long the upload took, in milliseconds.
	DurationMs *float64 `json:"duration_ms,omitempty"`
}

// NewFileUploaded has what FileUploaded needs; what may be left out is set on it.
func NewFileUploaded(fileID string) FileUploaded {
	return FileUploaded{FileID: fileID}
}

func (values FileUploaded) problems() (found []string) {
	if values.SizeBytes != nil {
		found = atLeast(found, "size_bytes", float64(*values.SizeBytes), 0)
	}
	if values.DurationMs != nil {
		found = atLeast(found, "duration_ms", float64(*values.DurationMs), 0)
	}
	return found
}

func (FileUploaded) eventName() string {
	return "file.uploaded"
}

// IntegrationConnected is integration.connected.
//
// A user connected the account to another product for the first time, or again.
//
// Owner: platform. Since 2025-06-02.
type IntegrationConnected struct {
	// The other product, as our integrations directory names it.
	Integration string `json:"integration"`

	// Whether the account had no integration before.
	IsFirst *bool `json:"is_first,omitempty"`

	// The rights that the other product granted us.
	Scopes *[]string `json:"scopes,omitempty"`
}

// NewIntegrationConnected has what IntegrationConnected needs; what may be left out is set on it.
func NewIntegrationConnected(integration string) IntegrationConnected {
	return IntegrationConnected{Integration: integration}
}

func (values IntegrationConnected) problems() (found []string) {
	if values.Scopes != nil {
		found = notNil(found, "scopes", *values.Scopes)
	}
	return found
}

func (IntegrationConnected) eventName() string {
	return "integration.connected"
}

// ReportCreated is report.created.
//
// A user saved a new report for the first time.
//
// Owner: reporting. Since 2025-03-03.
type ReportCreated struct {
	// The report's id in our database.
	ReportID string `json:"report_id"`

	// The template it was started from; absent when it was started from nothing.
	Template *string `json:"template,omitempty"`

	// The number of charts in the report when it was saved.
	ChartCount *int64 `json:"chart_count,omitempty"`

	// Whether others in the account can see the report.
	IsShared *bool `json:"is_shared,omitempty"`
}

// NewReportCreated has what ReportCreated needs; what may be left out is set on it.
func NewReportCreated(reportID string) ReportCreated {
	return ReportCreated{ReportID: reportID}
}

func (values ReportCreated) problems() (found []string) {
	if values.ChartCount != nil {
		found = atLeast(found, "chart_count", float64(*values.ChartCount), 0)
	}
	return found
}

func (ReportCreated) eventName() string {
	return "report.created"
}

// ReportExported is report.exported.
//
// A user downloaded a report as a file.
//
// Owner: reporting. Since 2025-03-03.
type ReportExported struct {
	// The report's id in our database.
	ReportID string `json:"report_id"`

	// The kind of file.
	Format ReportExportedFormat `json:"format"`

	// The number of rows in the file, without headings.
	RowCount *int64 `json:"row_count,omitempty"`

	// How long the user waited for the file, in milliseconds.
	DurationMs *float64 `json:"duration_ms,omitempty"`
}

// NewReportExported has what ReportExported needs; what may be left out is set on it.
func NewReportExported(reportID string, format ReportExportedFormat) ReportExported {
	return ReportExported{ReportID: reportID, Format: format}
}

// ReportExportedFormat is what Format of ReportExported may be.
type ReportExportedFormat string

// The choices of ReportExportedFormat.
const (
	ReportExportedFormatCsv  ReportExportedFormat = "csv"
	ReportExportedFormatPdf  ReportExportedFormat = "pdf"
	ReportExportedFormatXlsx ReportExportedFormat = "xlsx"
)

func (values ReportExported) problems() (found []string) {
	found = oneOf(found, "format", values.Format, "csv", "pdf", "xlsx")
	if values.RowCount != nil {
		found = atLeast(found, "row_count", float64(*values.RowCount), 0)
	}
	if values.DurationMs != nil {
		found = atLeast(found, "duration_ms", float64(*values.DurationMs), 0)
	}
	return found
}

func (ReportExported) eventName() string {
	return "report.exported"
}

// SubscriptionCanceled is subscription.canceled.
//
// An account gave notice; it keeps its plan until the period that is paid for ends.
//
// Owner: billing. Since 2025-02-03.
type SubscriptionCanceled struct {
	// The plan given up.
	Plan string `json:"plan"`

	// What the customer chose in the form; absent when the form was skipped.
	Reason *SubscriptionCanceledReason `json:"reason,omitempty"`

	// When the period that is paid for ends.
	EndsAt *time.Time `json:"ends_at,omitempty"`

	// The monthly recurring revenue that ends, in euros. Internal.
	Mrr *float64 `json:"mrr,omitempty"`
}

// NewSubscriptionCanceled has what SubscriptionCanceled needs; what may be left out is set on it.
func NewSubscriptionCanceled(plan string) SubscriptionCanceled {
	return SubscriptionCanceled{Plan: plan}
}

// SubscriptionCanceledReason is what Reason of SubscriptionCanceled may be.
type SubscriptionCanceledReason string

// The choices of SubscriptionCanceledReason.
const (
	SubscriptionCanceledReasonTooExpensive   SubscriptionCanceledReason = "too_expensive"
	SubscriptionCanceledReasonMissingFeature SubscriptionCanceledReason = "missing_feature"
	SubscriptionCanceledReasonSwitched       SubscriptionCanceledReason = "switched"
	SubscriptionCanceledReasonClosed         SubscriptionCanceledReason = "closed"
	SubscriptionCanceledReasonOther          SubscriptionCanceledReason = "other"
)

func (values SubscriptionCanceled) problems() (found []string) {
	if values.Reason != nil {
		found = oneOf(found, "reason", *values.Reason, "too_expensive", "missing_feature", "switched", "closed", "other")
	}
	if values.Mrr != nil {
		found = atLeast(found, "mrr", float64(*values.Mrr), 0)
	}
	return found
}

func (SubscriptionCanceled) eventName() string {
	return "subscription.canceled"
}

// SubscriptionUpgraded is subscription.upgraded.
//
// An account moved to a larger plan.
//
// Owner: billing. Since 2025-02-03.
type SubscriptionUpgraded struct {
	// The plan before.
	FromPlan string `json:"from_plan"`

	// The plan from now on.
	ToPlan string `json:"to_plan"`

	// The number of seats paid for from now on.
	SeatCount *int64 `json:"seat_count,omitempty"`

	// The monthly recurring revenue from now on, in euros. Internal.
	Mrr *float64 `json:"mrr,omitempty"`

	// Whether the customer did it alone, without our sales team.
	IsSelfServe *bool `json:"is_self_serve,omitempty"`
}

// NewSubscriptionUpgraded has what SubscriptionUpgraded needs; what may be left out is set on it.
func NewSubscriptionUpgraded(fromPlan string, toPlan string) SubscriptionUpgraded {
	return SubscriptionUpgraded{FromPlan: fromPlan, ToPlan: toPlan}
}

func (values SubscriptionUpgraded) problems() (found []string) {
	if values.SeatCount != nil {
		found = atLeast(found, "seat_count", float64(*values.SeatCount), 0)
	}
	if values.Mrr != nil {
		found = atLeast(found, "mrr", float64(*values.Mrr), 0)
	}
	return found
}

func (SubscriptionUpgraded) eventName() string {
	return "subscription.upgraded"
}

// UserInvited is user.invited.
//
// A user invited somebody to join their account.
//
// Owner: growth. Since 2025-01-13.
type UserInvited struct {
	// The invitation's id, which user.signed_up bears when it is accepted.
	InvitationID string `json:"invitation_id"`

	// What the invited person will be allowed to do.
	Role UserInvitedRole `json:"role"`

	// The number of seats that the account has left after this one.
	SeatsLeft *int64 `json:"seats_left,omitempty"`

	// The address that the invitation went to, of a person who has not agreed to anything yet. Secret:
	// only a keyed hash of it is stored.
	InviteeEmail *string `json:"invitee_email,omitempty"`
}

// NewUserInvited has what UserInvited needs; what may be left out is set on it.
func NewUserInvited(invitationID string, role UserInvitedRole) UserInvited {
	return UserInvited{InvitationID: invitationID, Role: role}
}

// UserInvitedRole is what Role of UserInvited may be.
type UserInvitedRole string

// The choices of UserInvitedRole.
const (
	UserInvitedRoleViewer UserInvitedRole = "viewer"
	UserInvitedRoleEditor UserInvitedRole = "editor"
	UserInvitedRoleAdmin  UserInvitedRole = "admin"
)

func (values UserInvited) problems() (found []string) {
	found = oneOf(found, "role", values.Role, "viewer", "editor", "admin")
	if values.SeatsLeft != nil {
		found = atLeast(found, "seats_left", float64(*values.SeatsLeft), 0)
	}
	return found
}

func (UserInvited) eventName() string {
	return "user.invited"
}

// UserSignedUp is user.signed_up.
//
// A person finished signing up and has a user of their own.
//
// Owner: growth. Since 2025-01-13.
type UserSignedUp struct {
	// How the person proved who they are.
	Method UserSignedUpMethod `json:"method"`

	// The invitation that brought them; absent when they came by themselves.
	InvitationID *string `json:"invitation_id,omitempty"`

	// The address of the page that led them to us.
	Referrer *string `json:"referrer,omitempty"`
}

// NewUserSignedUp has what UserSignedUp needs; what may be left out is set on it.
func NewUserSignedUp(method UserSignedUpMethod) UserSignedUp {
	return UserSignedUp{Method: method}
}

// UserSignedUpMethod is what Method of UserSignedUp may be.
type UserSignedUpMethod string

// The choices of UserSignedUpMethod.
const (
	UserSignedUpMethodPassword  UserSignedUpMethod = "password"
	UserSignedUpMethodGoogle    UserSignedUpMethod = "google"
	UserSignedUpMethodMicrosoft UserSignedUpMethod = "microsoft"
	UserSignedUpMethodSaml      UserSignedUpMethod = "saml"
)

func (values UserSignedUp) problems() (found []string) {
	found = oneOf(found, "method", values.Method, "password", "google", "microsoft", "saml")
	return found
}

func (UserSignedUp) eventName() string {
	return "user.signed_up"
}

// IdentifyTraits is identify.
//
// What we know of a user.
//
// Owner: growth. Since 2025-01-13.
type IdentifyTraits struct {
	// The address that the user signs in with. Personal.
	Email *string `json:"email,omitempty"`

	// The full name, as the user wrote it. Personal.
	Name *string `json:"name,omitempty"`

	// The plan of the user's account.
	Plan *string `json:"plan,omitempty"`

	// What the user is allowed to do in the account.
	Role *string `json:"role,omitempty"`

	// When the user signed up.
	CreatedAt *time.Time `json:"created_at,omitempty"`
}

// NewIdentifyTraits has what IdentifyTraits needs; what may be left out is set on it.
func NewIdentifyTraits() IdentifyTraits {
	return IdentifyTraits{}
}

func (values IdentifyTraits) problems() (found []string) {
	return found
}

// GroupTraits is group.
//
// What we know of an account, a customer with its users; snapshots send most of it.
//
// Owner: billing. Since 2025-02-03.
type GroupTraits struct {
	// The account's name, as its owner wrote it.
	Name *string `json:"name,omitempty"`

	// The plan that the account is on.
	Plan *string `json:"plan,omitempty"`

	// The number of seats paid for.
	SeatCount *int64 `json:"seat_count,omitempty"`

	// The monthly recurring revenue, in euros. Internal.
	Mrr *float64 `json:"mrr,omitempty"`

	// The recurring revenue of the calendar month, in euros: each subscription for the days that it was
	// active. Internal.
	ProratedMrr *float64 `json:"prorated_mrr,omitempty"`

	// Whether the account is gone; absent while it is not.
	IsDeleted *bool `json:"is_deleted,omitempty"`

	// The line of business that the account's owner chose.
	Industry *string `json:"industry,omitempty"`

	// When the account was opened.
	CreatedAt *time.Time `json:"created_at,omitempty"`
}

// NewGroupTraits has what GroupTraits needs; what may be left out is set on it.
func NewGroupTraits() GroupTraits {
	return GroupTraits{}
}

func (values GroupTraits) problems() (found []string) {
	if values.SeatCount != nil {
		found = atLeast(found, "seat_count", float64(*values.SeatCount), 0)
	}
	if values.Mrr != nil {
		found = atLeast(found, "mrr", float64(*values.Mrr), 0)
	}
	if values.ProratedMrr != nil {
		found = atLeast(found, "prorated_mrr", float64(*values.ProratedMrr), 0)
	}
	return found
}
