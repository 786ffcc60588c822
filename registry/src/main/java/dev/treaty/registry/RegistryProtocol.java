package dev.treaty.registry;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.Immutable;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.server.RegistryService;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The contract of a registry server: an ordinary Treaty service, simple enough for {@code curl}. {@link
 * RegistryService} implements it, {@link NetworkRegistry} is its client.
 */
@Contract(name = RegistryProtocol.NAME, version = "1.3.0")
@Description("A registry: instances register under a lease, contracts are published, and clients watch both; it"
        + " also keeps the central settings of its clients.")
public interface RegistryProtocol {
    String NAME = "treaty.Registry";

    @Idempotent
    @Description(
            "Registers an instance until its lease expires. Repeating it with the same token replaces and renews it.")
    Granted register(
            Instance instance,
            @Description("Chosen by the registrant, 8 to 256 characters; every later change needs it.") String token,
            @Description("Requested length of the lease; the answer has the granted length.") @DefaultValue("10000")
                    long leaseMillis)
            throws InterruptedException;

    @Idempotent
    @Description("Renews leases. The answer names the unknown ones: register those instances again.")
    Renewed renew(List<Lease> leases) throws InterruptedException;

    @Idempotent
    @Description("Reports the health of an instance; not_found if it has to be registered again.")
    void report(String id, String token, Health health) throws InterruptedException;

    @Idempotent
    @Description("Removes an instance; does nothing if it is not registered.")
    void deregister(String id, String token) throws InterruptedException;

    @Idempotent
    @Description("Stores a contract, given as contract text; failed_precondition if it breaks clients of another"
            + " version with the same major version.")
    void publish(
            String contract,
            @Description("Whether to store it even if it breaks clients.") @DefaultValue("false") boolean force)
            throws InterruptedException;

    @Idempotent
    @Description("Removes the contracts of a version; not_found if there is none, failed_precondition if registered"
            + " instances run it.")
    void withdraw(String service, String version) throws InterruptedException;

    @Idempotent
    @Description("Returns the text of the newest contract of a service.")
    Optional<String> contract(String service) throws InterruptedException;

    @Idempotent
    @Description("Returns the texts of all remembered contracts of a service, the highest version first.")
    List<String> contracts(
            String service,
            @Description("Only the contract with this fingerprint.") @DefaultValue("") String fingerprint)
            throws InterruptedException;

    @Idempotent
    @Description("Returns the names of all services that have instances or a contract.")
    List<String> services() throws InterruptedException;

    @Idempotent
    @Description("Returns the current instances of a service in the order of their ids, one page of them.")
    List<Instance> instances(
            String service,
            @Description("The last id of the page before; empty for the first page.") @DefaultValue("") String after,
            @Description("The most instances in the answer.") @DefaultValue("1000") int max,
            @Description("Only instances whose health has one of these statuses; all if absent.")
                    Optional<List<ServiceHealth.Status>> health)
            throws InterruptedException;

    @Idempotent
    @Description("Returns when the leases of a service's instances were last renewed, one page of them in the order of"
            + " the instances' ids.")
    List<Renewal> renewals(
            String service,
            @Description("The last id of the page before; empty for the first page.") @DefaultValue("") String after,
            @Description("The most renewals in the answer.") @DefaultValue("1000") int max)
            throws InterruptedException;

    @Idempotent
    @Description("Waits until every client that watches the service has acknowledged the state of an instance.")
    Heard heard(String id, String token, @DefaultValue("0") long waitMillis) throws InterruptedException;

    @Idempotent
    @Description("For operators: drains an instance, whatever it reports, or takes that back.")
    Heard drain(
            String id,
            @Description("False to take it back.") @DefaultValue("true") boolean drained,
            @Description("How long to wait until the clients have acknowledged it.") @DefaultValue("0") long waitMillis)
            throws InterruptedException;

    @Idempotent
    @Description("Returns statistics of the registry: what it holds, and what it keeps after the lease has expired.")
    Overview overview() throws InterruptedException;

    @Idempotent
    @Description("Returns what has changed in services since a revision; waits for a change if nothing has.")
    News watch(
            @Description("The last revision seen of each service; 0 for nothing. Without services: stops watching.")
                    Map<String, Long> since,
            @Description("The epoch of the revisions, as in the last answer.") @DefaultValue("") String epoch,
            @Description("How long to wait for a change.") @DefaultValue("25000") long waitMillis,
            @Description("Chosen by the client; a watch ends an earlier one of the same watcher.") @DefaultValue("")
                    String watcher)
            throws InterruptedException;

    @Idempotent
    @Description("Returns the next instances of a list that did not fit into the answer to a watch.")
    Page page(@Description("The value in the page before.") String next) throws InterruptedException;

    @Idempotent
    @Description("Returns the central settings that all clients share; waits for others than those seen.")
    Optional<Kept> settings(
            @Description("The mark in the answer before; empty for none.") @DefaultValue("") String seen,
            @Description("How long to wait for others than those seen; nothing is returned if there are none.")
                    @DefaultValue("0")
                    long waitMillis)
            throws InterruptedException;

    @Description("Replaces the central settings if those with the expected number are kept; false otherwise.")
    boolean replaceSettings(
            @Description("Number of those that are replaced; 0 if there are none.") long expected,
            @Description("The next number, usually 1 more.") long number,
            @Description("JSON of at most 262144 characters, printable except for line feeds.") String text)
            throws InterruptedException;

    /**
     * The central settings that a registry keeps.
     *
     * @param number 1 more with each replacement; 0 if there are none
     * @param mark differs between two that have another number or text
     */
    @Immutable
    record Kept(long number, String text, String mark) {}

    /**
     * A registered instance.
     *
     * @param health unknown if absent
     * @param startedAt now if absent
     */
    record Instance(
            String id,
            String service,
            String version,
            @DefaultValue("http") String protocol,
            String host,
            int port,
            Optional<Health> health,
            @DefaultValue("") String region,
            @DefaultValue("") String zone,
            @DefaultValue("100") int weight,
            @DefaultValue("") String contract,
            Optional<Map<String, String>> metadata,
            Optional<Instant> startedAt) {

        public static Instance of(ServiceInstance instance) {
            return new Instance(
                    instance.id(),
                    instance.service().value(),
                    instance.version().toString(),
                    instance.endpoint().protocol(),
                    instance.endpoint().host(),
                    instance.endpoint().port(),
                    Optional.of(Health.of(instance.health())),
                    instance.region(),
                    instance.zone(),
                    instance.weight(),
                    instance.contract(),
                    Optional.of(instance.metadata()),
                    Optional.of(instance.startedAt()));
        }

        /**
         * Returns the instance that this describes.
         *
         * @throws IllegalArgumentException if a part of it is illegal
         */
        public ServiceInstance read(Instant now) {
            return new ServiceInstance(
                    id,
                    new ServiceName(service),
                    Version.parse(version),
                    new ServiceEndpoint(protocol, host, port),
                    health.map(h -> h.read(now)).orElseGet(() -> ServiceHealth.of(ServiceHealth.Status.UNKNOWN, now)),
                    region,
                    zone,
                    weight,
                    contract,
                    metadata.orElse(Map.of()),
                    startedAt.orElse(now));
        }
    }

    /**
     * The health of an instance.
     *
     * @param timestamp now if absent
     */
    record Health(
            ServiceHealth.Status status,
            @DefaultValue("") String message,
            Optional<Instant> timestamp,
            Optional<Map<String, String>> details) {

        public static Health of(ServiceHealth health) {
            return new Health(
                    health.status(), health.message(), Optional.of(health.timestamp()), Optional.of(health.details()));
        }

        /**
         * Returns the health that this describes.
         *
         * @throws IllegalArgumentException if there are too many details
         */
        public ServiceHealth read(Instant now) {
            return new ServiceHealth(status, message, timestamp.orElse(now), details.orElse(Map.of()));
        }
    }

    /** Identifies the lease of an instance by its id and the token that it was registered with. */
    record Lease(String id, String token) {}

    /**
     * The response to a registration: the length of the granted lease.
     *
     * @param epoch identifies this start of the registry
     * @param leaseMillis length of the lease, from now
     */
    record Granted(String epoch, long leaseMillis) {}

    /**
     * The response to a renewal of leases: those that the registry does not know.
     *
     * @param unknown ids that are not registered with the token
     */
    record Renewed(String epoch, List<String> unknown) {}

    /**
     * When the lease of an instance was last renewed.
     *
     * @param at absent if the registry only knows that the lease lives
     */
    record Renewal(String id, Optional<Instant> at) {}

    /**
     * The response to a watch: what has changed in the watched services.
     *
     * @param epoch identifies this start of the registry; revisions of another epoch have no meaning
     * @param revision revision to continue from, for every service except those in {@code later} and {@code unclear}
     * @param complete all instances of those services whose changes are not available
     * @param changes changes of the others, in order
     * @param later services that did not fit into this answer: continue them from the same revision as before
     * @param unclear services that the registry cannot answer for now, and why: continue them in the same way
     */
    @Immutable
    record News(
            String epoch,
            long revision,
            List<Complete> complete,
            List<Change> changes,
            Optional<List<String>> later,
            Optional<Map<String, String>> unclear) {}

    /**
     * All instances of a service, or the first page of them.
     *
     * @param next parameter of {@link #page} for the rest, or empty if this is all
     */
    record Complete(
            String service,
            List<Instance> instances,
            @DefaultValue("") String next) {}

    /**
     * The next page of a list of instances that does not fit into one response.
     *
     * @param next parameter of {@link #page} for the rest, or empty if this is the last page
     */
    record Page(List<Instance> instances, String next) {}

    /**
     * Whether all clients have acknowledged a change.
     *
     * @param missing number of watching clients that have not
     */
    record Heard(int missing) {}

    /**
     * Statistics of a registry.
     *
     * @param epoch identifies this start of the registry
     * @param revision number of changes since the start
     * @param services number of services that have instances
     * @param instances number of instances
     * @param contracts number of services with contracts
     * @param watches number of waiting watches
     * @param stale number of instances that are kept after their leases expired, since too many expired at once
     * @param expired number of instances removed lately because their leases expired or they stayed critical
     * @param critical number of instances that are registered but not listed, since they stayed critical
     */
    record Overview(
            String epoch,
            long revision,
            int services,
            int instances,
            int contracts,
            int watches,
            int stale,
            int expired,
            @DefaultValue("0") int critical) {}

    /**
     * An instance was added, updated or removed.
     *
     * @param instance its state now, or its last state if it was removed
     * @param reason why it was removed; empty otherwise
     */
    record Change(Kind kind, Instance instance, String reason, Instant timestamp) {
        public static Change of(DiscoveryEvent event) {
            var instance = Instance.of(event.instance());
            return switch (event) {
                case DiscoveryEvent.Added added -> new Change(Kind.ADDED, instance, "", added.timestamp());
                case DiscoveryEvent.Updated updated -> new Change(Kind.UPDATED, instance, "", updated.timestamp());
                case DiscoveryEvent.Removed removed ->
                    new Change(Kind.REMOVED, instance, removed.reason(), removed.timestamp());
            };
        }
    }

    /** Whether an instance was added, updated or removed. */
    enum Kind {
        ADDED,
        UPDATED,
        REMOVED
    }
}
