# frozen_string_literal: true

# Generated from the tracking plan by `analytics plan generate`: do not edit.
#
# A class for each event of the tracking plan, which checks what it is given, and a client that sends them:
#
#   client = ProductAnalytics::Client.new("https://events.example.com", "WRITE_KEY")
#   client.track(ProductAnalytics::ReportCreated.new(report_id: "rep_42"), user_id: "u_1")
#
# The calls go out in batches from a thread of the client's own, and what waits at the end of the program is sent then.

require "json"
require "net/http"
require "openssl"
require "securerandom"
require "time"
require "uri"

# The types that values of the plan have.
module ProductAnalytics
  Type = Struct.new(:name, :fits)

  STRING = Type.new("a String", ->(value) { value.is_a?(String) }).freeze
  INTEGER = Type.new("an Integer", ->(value) { value.is_a?(Integer) }).freeze
  NUMBER = Type.new("a finite number", lambda do |value|
    value.is_a?(Integer) || (value.is_a?(Float) && value.finite?)
  end).freeze
  BOOLEAN = Type.new("true or false", ->(value) { [true, false].include?(value) }).freeze
  TIMESTAMP = Type.new("a Time or an ISO 8601 String", ->(value) { value.is_a?(Time) || value.is_a?(String) }).freeze

  def self.at_least(minimum, type)
    Type.new("#{type.name}, at least #{minimum}", ->(value) { type.fits.(value) && value >= minimum })
  end

  def self.one_of(*choices)
    Type.new("one of #{choices.join(", ")}", ->(value) { choices.include?(value) })
  end

  def self.list_of(type)
    Type.new("an Array, each item #{type.name}", ->(value) { value.is_a?(Array) && value.all?(&type.fits) })
  end

  # What was said, as JSON has it, without what was omitted.
  def self.checked(name, fields, values)
    present = values.compact
    problems = fields.filter_map do |field, (is_required, type)|
      if present.key?(field)
        "#{field}: expected #{type.name}, found #{present[field].class}" unless type.fits.(present[field])
      elsif is_required
        "#{field}: expected a required value, found none"
      end
    end
    raise ArgumentError, "#{name}: #{problems.join("; ")}" unless problems.empty?

    present.transform_values { |value| plain(value) }.freeze
  end

  def self.plain(value)
    case value
    when Time then value.getutc.iso8601(3)
    when Array then value.map { |item| plain(item) }
    else value
    end
  end

  private_class_method :plain
end

module ProductAnalytics
  # A user wrote a comment.
  #
  # Owner: collaboration. Since 2025-04-07.
  class CommentAdded
    NAME = "comment.added"
    FIELDS = {
      "comment_id" => [true, STRING],
      "subject" => [true, ProductAnalytics.one_of("report", "dashboard", "file")],
      "mention_count" => [false, ProductAnalytics.at_least(0, INTEGER)],
      "is_reply" => [false, BOOLEAN],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param comment_id The comment's id in our database.
    # @param subject The kind of thing that was commented on.
    # @param mention_count The number of users mentioned in the comment.
    # @param is_reply Whether the comment answers another one.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(comment_id:, subject:, mention_count: nil, is_reply: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "comment_id" => comment_id,
          "subject" => subject,
          "mention_count" => mention_count,
          "is_reply" => is_reply,
        },
      )
      freeze
    end
  end

  # A user let others see a dashboard.
  #
  # Owner: collaboration. Since 2025-03-17.
  class DashboardShared
    NAME = "dashboard.shared"
    FIELDS = {
      "dashboard_id" => [true, STRING],
      "audience" => [true, ProductAnalytics.one_of("people", "account", "public")],
      "recipient_count" => [false, ProductAnalytics.at_least(0, INTEGER)],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param dashboard_id The dashboard's id in our database.
    # @param audience Who can see it now: chosen people, everybody in the account, or whoever has the
    # link.
    # @param recipient_count The number of people who were told about it.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(dashboard_id:, audience:, recipient_count: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "dashboard_id" => dashboard_id,
          "audience" => audience,
          "recipient_count" => recipient_count,
        },
      )
      freeze
    end
  end

  # A user's file arrived complete and can be used.
  #
  # Owner: platform. Since 2025-04-07.
  class FileUploaded
    NAME = "file.uploaded"
    FIELDS = {
      "file_id" => [true, STRING],
      "size_bytes" => [false, ProductAnalytics.at_least(0, INTEGER)],
      "content_type" => [false, STRING],
      "duration_ms" => [false, ProductAnalytics.at_least(0, NUMBER)],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param file_id The file's id in our database.
    # @param size_bytes The size of the file, in bytes.
    # @param content_type The media type of the file, as the browser named it.
    # @param duration_ms How long the upload took, in milliseconds.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(file_id:, size_bytes: nil, content_type: nil, duration_ms: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "file_id" => file_id,
          "size_bytes" => size_bytes,
          "content_type" => content_type,
          "duration_ms" => duration_ms,
        },
      )
      freeze
    end
  end

  # A user connected the account to another product for the first time, or again.
  #
  # Owner: platform. Since 2025-06-02.
  class IntegrationConnected
    NAME = "integration.connected"
    FIELDS = {
      "integration" => [true, STRING],
      "is_first" => [false, BOOLEAN],
      "scopes" => [false, ProductAnalytics.list_of(STRING)],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param integration The other product, as our integrations directory names it.
    # @param is_first Whether the account had no integration before.
    # @param scopes The rights that the other product granted us.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(integration:, is_first: nil, scopes: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "integration" => integration,
          "is_first" => is_first,
          "scopes" => scopes,
        },
      )
      freeze
    end
  end

  # A user saved a new report for the first time.
  #
  # Owner: reporting. Since 2025-03-03.
  class ReportCreated
    NAME = "report.created"
    FIELDS = {
      "report_id" => [true, STRING],
      "template" => [false, STRING],
      "chart_count" => [false, ProductAnalytics.at_least(0, INTEGER)],
      "is_shared" => [false, BOOLEAN],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param report_id The report's id in our database.
    # @param template The template it was started from; absent when it was started from nothing.
    # @param chart_count The number of charts in the report when it was saved.
    # @param is_shared Whether others in the account can see the report.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(report_id:, template: nil, chart_count: nil, is_shared: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "report_id" => report_id,
          "template" => template,
          "chart_count" => chart_count,
          "is_shared" => is_shared,
        },
      )
      freeze
    end
  end

  # A user downloaded a report as a file.
  #
  # Owner: reporting. Since 2025-03-03.
  class ReportExported
    NAME = "report.exported"
    FIELDS = {
      "report_id" => [true, STRING],
      "format" => [true, ProductAnalytics.one_of("csv", "pdf", "xlsx")],
      "row_count" => [false, ProductAnalytics.at_least(0, INTEGER)],
      "duration_ms" => [false, ProductAnalytics.at_least(0, NUMBER)],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param report_id The report's id in our database.
    # @param format The kind of file.
    # @param row_count The number of rows in the file, without headings.
    # @param duration_ms How long the user waited for the file, in milliseconds.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(report_id:, format:, row_count: nil, duration_ms: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "report_id" => report_id,
          "format" => format,
          "row_count" => row_count,
          "duration_ms" => duration_ms,
        },
      )
      freeze
    end
  end

  # An account gave notice; it keeps its plan until the period that is paid for ends.
  #
  # Owner: billing. Since 2025-02-03.
  class SubscriptionCanceled
    NAME = "subscription.canceled"
    FIELDS = {
      "plan" => [true, STRING],
      "reason" => [false, ProductAnalytics.one_of("too_expensive", "missing_feature", "switched", "closed", "other")],
      "ends_at" => [false, TIMESTAMP],
      "mrr" => [false, ProductAnalytics.at_least(0, NUMBER)],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param plan The plan given up.
    # @param reason What the customer chose in the form; absent when the form was skipped.
    # @param ends_at When the period that is paid for ends.
    # @param mrr The monthly recurring revenue that ends, in euros. Internal.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(plan:, reason: nil, ends_at: nil, mrr: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "plan" => plan,
          "reason" => reason,
          "ends_at" => ends_at,
          "mrr" => mrr,
        },
      )
      freeze
    end
  end

  # An account moved to a larger plan.
  #
  # Owner: billing. Since 2025-02-03.
  class SubscriptionUpgraded
    NAME = "subscription.upgraded"
    FIELDS = {
      "from_plan" => [true, STRING],
      "to_plan" => [true, STRING],
      "seat_count" => [false, ProductAnalytics.at_least(0, INTEGER)],
      "mrr" => [false, ProductAnalytics.at_least(0, NUMBER)],
      "is_self_serve" => [false, BOOLEAN],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param from_plan The plan before.
    # @param to_plan The plan from now on.
    # @param seat_count The number of seats paid for from now on.
    # @param mrr The monthly recurring revenue from now on, in euros. Internal.
    # @param is_self_serve Whether the customer did it alone, without our sales team.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(from_plan:, to_plan:, seat_count: nil, mrr: nil, is_self_serve: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "from_plan" => from_plan,
          "to_plan" => to_plan,
          "seat_count" => seat_count,
          "mrr" => mrr,
          "is_self_serve" => is_self_serve,
        },
      )
      freeze
    end
  end

  # A user invited somebody to join their account.
  #
  # Owner: growth. Since 2025-01-13.
  class UserInvited
    NAME = "user.invited"
    FIELDS = {
      "invitation_id" => [true, STRING],
      "role" => [true, ProductAnalytics.one_of("viewer", "editor", "admin")],
      "seats_left" => [false, ProductAnalytics.at_least(0, INTEGER)],
      "invitee_email" => [false, STRING],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param invitation_id The invitation's id, which user.signed_up bears when it is accepted.
    # @param role What the invited person will be allowed to do.
    # @param seats_left The number of seats that the account has left after this one.
    # @param invitee_email The address that the invitation went to, of a person who has not agreed to
    # anything yet. Secret: only a keyed hash of it is stored.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(invitation_id:, role:, seats_left: nil, invitee_email: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "invitation_id" => invitation_id,
          "role" => role,
          "seats_left" => seats_left,
          "invitee_email" => invitee_email,
        },
      )
      freeze
    end
  end

  # A person finished signing up and has a user of their own.
  #
  # Owner: growth. Since 2025-01-13.
  class UserSignedUp
    NAME = "user.signed_up"
    FIELDS = {
      "method" => [true, ProductAnalytics.one_of("password", "google", "microsoft", "saml")],
      "invitation_id" => [false, STRING],
      "referrer" => [false, STRING],
    }.freeze

    # The properties, by their names on the wire; an omitted one is left out.
    attr_reader :properties

    # @param method How the person proved who they are.
    # @param invitation_id The invitation that brought them; absent when they came by themselves.
    # @param referrer The address of the page that led them to us.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(method:, invitation_id: nil, referrer: nil)
      @properties = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "method" => method,
          "invitation_id" => invitation_id,
          "referrer" => referrer,
        },
      )
      freeze
    end
  end

  # What we know of a user.
  #
  # Owner: growth. Since 2025-01-13.
  class IdentifyTraits
    NAME = "identify"
    FIELDS = {
      "email" => [false, STRING],
      "name" => [false, STRING],
      "plan" => [false, STRING],
      "role" => [false, STRING],
      "created_at" => [false, TIMESTAMP],
    }.freeze

    # The traits, by their names on the wire; an omitted one is left out.
    attr_reader :traits

    # @param email The address that the user signs in with. Personal.
    # @param name The full name, as the user wrote it. Personal.
    # @param plan The plan of the user's account.
    # @param role What the user is allowed to do in the account.
    # @param created_at When the user signed up.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(email: nil, name: nil, plan: nil, role: nil, created_at: nil)
      @traits = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "email" => email,
          "name" => name,
          "plan" => plan,
          "role" => role,
          "created_at" => created_at,
        },
      )
      freeze
    end
  end

  # What we know of an account, a customer with its users; snapshots send most of it.
  #
  # Owner: billing. Since 2025-02-03.
  class GroupTraits
    NAME = "group"
    FIELDS = {
      "name" => [false, STRING],
      "plan" => [false, STRING],
      "seat_count" => [false, ProductAnalytics.at_least(0, INTEGER)],
      "mrr" => [false, ProductAnalytics.at_least(0, NUMBER)],
      "prorated_mrr" => [false, ProductAnalytics.at_least(0, NUMBER)],
      "is_deleted" => [false, BOOLEAN],
      "industry" => [false, STRING],
      "created_at" => [false, TIMESTAMP],
    }.freeze

    # The traits, by their names on the wire; an omitted one is left out.
    attr_reader :traits

    # @param name The account's name, as its owner wrote it.
    # @param plan The plan that the account is on.
    # @param seat_count The number of seats paid for.
    # @param mrr The monthly recurring revenue, in euros. Internal.
    # @param prorated_mrr The recurring revenue of the calendar month, in euros: each subscription for the
    # days that it was active. Internal.
    # @param is_deleted Whether the account is gone; absent while it is not.
    # @param industry The line of business that the account's owner chose.
    # @param created_at When the account was opened.
    # Raises ArgumentError with everything that breaks the plan.
    def initialize(name: nil, plan: nil, seat_count: nil, mrr: nil, prorated_mrr: nil, is_deleted: nil, industry: nil, created_at: nil)
      @traits = ProductAnalytics.checked(
        NAME,
        FIELDS,
        {
          "name" => name,
          "plan" => plan,
          "seat_count" => seat_count,
          "mrr" => mrr,
          "prorated_mrr" => prorated_mrr,
          "is_deleted" => is_deleted,
          "industry" => industry,
          "created_at" => created_at,
        },
      )
      freeze
    end
  end
end

module ProductAnalytics
  # Sends calls to the ingest API, in batches, from a thread of its own.
  #
  # A call waits until the server has confirmed or refused it. While the server is away the thread tries again, ever more
  # seldom, and up to +queue_size+ calls wait; more are dropped and reported. A call that the server fails on (5xx), again
  # and again, while it takes others, is given up and holds up nobody. +on_error+ is told of calls that were refused,
  # dropped or given up, never with what is in them. Nothing here raises for the server's sake.
  class Client
    MOST_BYTES = 450_000 # of a request; the server takes 500 KiB
    FIRST_PAUSE = 0.5 # seconds after a failure; it doubles with each
    LONGEST_PAUSE = 60.0 # seconds
    LONGEST_RETRY_AFTER = 300.0 # seconds; what a server asks for beyond this is a mistake of its own
    TRIES = 3 # of a request that the server fails on, before it is taken apart
    NO_ANSWER = [SystemCallError, IOError, SocketError, Timeout::Error, Net::ProtocolError, Net::HTTPBadResponse,
                 OpenSSL::SSL::SSLError].freeze

    Outcome = Struct.new(:status, :answer, :pause) # a status of 0 is no answer

    # batch_size: so many waiting calls are sent at once, and at most so many in one request.
    # flush_interval: seconds that a call waits for others to go with it.
    # timeout: seconds that the server has for an answer.
    # exit_timeout: seconds that the end of the program waits for what is still here.
    def initialize(host, write_key, batch_size: 100, flush_interval: 0.5, queue_size: 10_000, timeout: 10,
                   exit_timeout: 5, on_error: ->(message) { warn("product_analytics: #{message}") })
      @uri = URI("#{host.chomp("/")}/v1/batch")
      raise ArgumentError, "the host must begin with https:// or http://" unless @uri.is_a?(URI::HTTP)

      @write_key = write_key
      @batch_size = batch_size
      @flush_interval = flush_interval
      @queue_size = queue_size
      @timeout = timeout
      @exit_timeout = exit_timeout
      @on_error = on_error
      @closed = false
      start_afresh
      at_exit { close }
    end

    # Say what somebody did.
    def track(event, user_id: nil, anonymous_id: nil, **options)
      put("track", { event: event.class::NAME, properties: event.properties }, user_id, anonymous_id, **options)
    end

    # Say who somebody is.
    def identify(traits, user_id:, anonymous_id: nil, **options)
      put("identify", { traits: traits.traits }, user_id, anonymous_id, **options)
    end

    # Say what somebody belongs to.
    def group(traits, group_id:, user_id: nil, anonymous_id: nil, **options)
      put("group", { groupId: group_id, traits: traits.traits }, user_id, anonymous_id, **options)
    end

    # Say which page somebody saw.
    def page(name = nil, properties: {}, user_id: nil, anonymous_id: nil, **options)
      put("page", { name: name, properties: properties }, user_id, anonymous_id, **options)
    end

    # Say which screen of an app somebody saw.
    def screen(name = nil, properties: {}, user_id: nil, anonymous_id: nil, **options)
      put("screen", { name: name, properties: properties }, user_id, anonymous_id, **options)
    end

    # Say that somebody who was known under another id is this user.
    def alias(user_id:, previous_id:, **options)
      put("alias", { previousId: previous_id }, user_id, nil, **options)
    end

    # Send what waits; whether the server had all of it within so many seconds.
    def flush(timeout: nil)
      @mutex.synchronize do
        @hurried = !@queue.empty?
        @changed.broadcast
        wait_until(timeout) { @queue.empty? }
      end
    end

    # Send what waits, and take nothing more; gives up after so many seconds.
    def close(timeout: @exit_timeout)
      return if @closed

      flush(timeout: timeout)
      left = @mutex.synchronize do
        @closed = true
        @changed.broadcast
        @queue.size
      end
      report("#{left} call(s) were not delivered before the client closed") if left.positive?
    end

    private

    # Begin without calls and thread, also in a forked child: what the parent has waiting, the parent sends.
    def start_afresh
      @pid = Process.pid
      @mutex = Mutex.new
      @changed = ConditionVariable.new
      @queue = []
      @hurried = false
      @most = @batch_size # calls in a request; fewer after the server has found one too large
      @failures = 0 # in a row
      @skipped = 0 # calls at the head of the queue, while another one is tried
      @suspect = false # the first call, which failed alone while another one was taken
      @thread = nil
    end

    # The options: timestamp, message_id (under one a call is stored once), context, and integrations (which
    # destinations get it, as in Segment's spec).
    def put(type, content, user_id, anonymous_id, timestamp: Time.now, message_id: nil, context: {}, integrations: nil)
      raise ArgumentError, "name a user_id or an anonymous_id: a server has many users" unless user_id || anonymous_id

      call = {
        type: type,
        **content,
        userId: user_id,
        anonymousId: anonymous_id,
        messageId: message_id || SecureRandom.uuid,
        timestamp: timestamp.getutc.iso8601(3),
        context: { library: { name: "product-analytics-ruby", version: "1" } }.merge(context),
        integrations: integrations,
      }
      enqueue(JSON.generate(call.compact))
    end

    def enqueue(call)
      start_afresh unless @pid == Process.pid
      dropped = @mutex.synchronize do
        next true if @closed || @queue.size >= @queue_size

        @queue << call
        @thread ||= Thread.new { work }
        @changed.broadcast
        false
      end
      report("1 call was dropped: the client is #{@closed ? "closed" : "full"}") if dropped
    end

    def work
      while (batch = next_batch)
        settle(batch, post(batch))
      end
    end

    # The oldest calls, once they are to go; nil when the client is closed.
    def next_batch
      @mutex.synchronize do
        wait_until(nil) { @closed || !@queue.empty? }
        wait_until(@flush_interval) { @closed || @hurried || @queue.size >= @batch_size }
        head unless @closed
      end
    end

    # At least one call, and no more than go into a request.
    def head
      room = MOST_BYTES
      oldest = @queue[@skipped, @most]
      fitting = oldest.take_while { |call| (room -= call.bytesize + 1).positive? }
      fitting.empty? ? oldest.first(1) : fitting
    end

    def post(batch)
      request = Net::HTTP::Post.new(@uri.request_uri, "Content-Type" => "application/json")
      request.basic_auth(@write_key, "")
      request.body = %({"sentAt":"#{Time.now.utc.iso8601(3)}","batch":[#{batch.join(",")}]})
      answer = Net::HTTP.start(@uri.hostname, @uri.port, use_ssl: @uri.scheme == "https", open_timeout: @timeout,
                                                         read_timeout: @timeout, write_timeout: @timeout) do |http|
        http.request(request)
      end
      Outcome.new(answer.code.to_i, decoded(answer.body), seconds(answer["Retry-After"]))
    rescue *NO_ANSWER
      Outcome.new(0, {}, 0.0)
    end

    # Forget the calls that the server has decided on; the others stay and are sent again.
    def settle(batch, outcome)
      said = outcome.status.zero? ? "no answer" : "HTTP #{outcome.status} #{outcome.answer["message"]}".strip
      case outcome.status
      when 413
        return @most = batch.size / 2 if batch.size > 1
      when 0, 300..399, 408, 429, (500..)
        pause(said, outcome.pause)
        narrow(batch.size, said) if outcome.status >= 500 && @failures >= TRIES
        return
      end
      report("#{batch.size} call(s) were refused: #{said}") if outcome.status >= 300
      report_problems(outcome.answer)
      forget(batch.size)
    end

    # Look for the one call that the server fails on; when it fails on every call, none is given up.
    #
    # A request is halved until a call fails alone. Then others are tried: when one is taken, the first call gets its last
    # tries.
    def narrow(count, said)
      if count > 1
        @most = count / 2
      elsif @suspect
        report("1 call was given up: the server fails on it, and takes others: #{said}")
        forget(1)
      else
        @skipped = (@skipped + 1) % @mutex.synchronize { @queue.size }
      end
    end

    # The last step with a call: when none is left the program may end, and everything must have been reported.
    def forget(count)
      @mutex.synchronize do
        @queue.slice!(@skipped, count)
        @suspect = @skipped.positive?
        @skipped = 0
        @most = @suspect ? 1 : @batch_size
        @failures = 0
        @hurried &&= !@queue.empty?
        @changed.broadcast
      end
    end

    # One call may be refused, or kept aside, while the others of its batch are taken.
    def report_problems(answer)
      %w[rejected quarantined].each do |fate|
        problem = answer.dig(fate, 0, "problems", 0)
        next unless problem.is_a?(Hash)

        report("#{answer["#{fate}_count"]} call(s) were #{fate}: #{problem["path"]}: #{problem["message"]}")
      rescue TypeError
        next # the answer of something else
      end
    end

    # Tell +on_error+, whose own mistakes must not end the thread.
    def report(message)
      @on_error.call(message)
    rescue StandardError => error
      warn("product_analytics: on_error failed: #{error.class}: #{error.message}")
    end

    # Wait before the same calls are sent again; closing ends the wait.
    def pause(said, least)
      report("not delivered yet, trying again: #{said}") if @failures.zero?
      backoff = [FIRST_PAUSE * (2**@failures), LONGEST_PAUSE].min
      @failures = [@failures + 1, 20].min
      @mutex.synchronize { wait_until([least, backoff * rand(0.5..1.0)].max) { @closed } }
    end

    # Whether it became so within that time; a timeout of nil is none.
    def wait_until(timeout)
      deadline = timeout && (now + timeout)
      until (is_so = yield)
        return is_so if deadline && now >= deadline

        @changed.wait(@mutex, deadline && (deadline - now).clamp(0, timeout))
      end
      is_so
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    def decoded(body)
      answer = JSON.parse(body.to_s)
      answer.is_a?(Hash) ? answer : {}
    rescue JSON::ParserError
      {}
    end

    # How long the server wants to be left alone; the header holds seconds or a date.
    def seconds(retry_after)
      return 0.0 unless retry_after

      asked = retry_after.match?(/\A\d+\z/) ? retry_after.to_f : Time.httpdate(retry_after) - Time.now
      asked.clamp(0.0, LONGEST_RETRY_AFTER)
    rescue ArgumentError
      0.0
    end
  end
end
