package dev.treaty.registry.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.common.exception.ErrorCode;
import io.etcd.jetcd.common.exception.EtcdException;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.OptionsUtil;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * Keeps a registry in etcd. Ids are claimed and instances written in one transaction, so that an id has one holder
 * whatever happens in between; see the package for the keys.
 */
final class EtcdBackend implements Backend {
    /** What stands in place of an instance that is about to be deleted: followers see why. */
    static final String GONE = "gone: ";

    /** How many keys one transaction looks at; etcd refuses more than 128 unless it is told otherwise. */
    private static final int BATCH = 100;

    /** How many keys are read at a time. */
    private static final int PAGE = 1_000;

    /** Behind a key it makes the one that comes next. */
    private static final ByteSequence FIRST_AFTER = ByteSequence.from(new byte[1]);

    /** How often a transaction is tried again that somebody else's came before. */
    private static final int TRIES = 4;

    private final EtcdKeys keys;
    private final EtcdClients clients;
    private final Time time;
    private final RandomGenerator random;
    private final long leaseSeconds;
    private final ReentrantLock lock = new ReentrantLock();
    private long lease; // 0 where there is none
    private volatile long leaseMillis;

    EtcdBackend(EtcdAddress address, RegistryContext surroundings) {
        this.keys = new EtcdKeys(address.prefix());
        this.time = surroundings.time();
        this.random = surroundings.random();
        this.clients = new EtcdClients(address, time);
        this.leaseSeconds = Math.max(1, surroundings.policy().lease().toSeconds());
        this.leaseMillis = Duration.ofSeconds(leaseSeconds).toMillis();
    }

    /** Asks etcd, and waits for the answer. */
    private <T> T ask(Function<Client, CompletableFuture<T>> question) throws InterruptedException {
        Client client = clients.current();
        CompletableFuture<T> answer;
        try {
            answer = question.apply(client);
        } catch (RuntimeException e) {
            clients.failed(client);
            throw fault(e);
        }
        try {
            T got = answer.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            clients.answered(client);
            return got;
        } catch (ExecutionException e) {
            ServiceException fault = fault(e);
            if (fault.code() == Code.UNAVAILABLE) {
                clients.failed(client);
            }
            throw fault;
        } catch (TimeoutException e) {
            answer.cancel(true);
            clients.failed(client);
            throw new ServiceException(Code.UNAVAILABLE, "etcd gave no answer within " + PATIENCE_MILLIS + " ms");
        }
    }

    /** What went wrong, as a fault: a refusal where etcd said so, and otherwise unavailable. */
    static ServiceException fault(Throwable cause) {
        for (Throwable at = cause; at != null; at = at.getCause()) {
            if (at instanceof EtcdException e) {
                Code code = switch (e.getErrorCode()) {
                    case NOT_FOUND -> Code.NOT_FOUND;
                    case UNAUTHENTICATED -> Code.UNAUTHENTICATED;
                    case PERMISSION_DENIED -> Code.PERMISSION_DENIED;
                    case RESOURCE_EXHAUSTED -> Code.RESOURCE_EXHAUSTED;
                    default -> Code.UNAVAILABLE;
                };
                return new ServiceException(new Fault(code, "etcd: " + firstLine(e), true, Optional.empty()));
            }
        }
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return new ServiceException(Code.UNAVAILABLE, "etcd: " + firstLine(root));
    }

    static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage())
                .lines()
                .findFirst()
                .orElse(e.getClass().getSimpleName());
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private static String text(KeyValue value) {
        return value.getValue().toString(UTF_8);
    }

    private static Cmp absent(ByteSequence key) {
        return new Cmp(key, Cmp.Op.EQUAL, CmpTarget.createRevision(0));
    }

    private static Cmp is(ByteSequence key, String value) {
        return new Cmp(key, Cmp.Op.EQUAL, CmpTarget.value(bytes(value)));
    }

    @Override
    public String epoch(String candidate) throws InterruptedException {
        ByteSequence key = bytes(keys.epoch());
        List<KeyValue> known = ask(client -> client.getKVClient().get(key)).getKvs();
        if (!known.isEmpty()) {
            return text(known.getFirst());
        }
        TxnResponse answer = ask(client -> client.getKVClient()
                .txn()
                .If(absent(key))
                .Then(Op.put(key, bytes(candidate), PutOption.DEFAULT))
                .Else(Op.get(key, GetOption.DEFAULT))
                .commit());
        return answer.isSucceeded()
                ? candidate
                : text(answer.getGetResponses().getFirst().getKvs().getFirst());
    }

    @Override
    public long leaseMillis() {
        return leaseMillis;
    }

    @Override
    public Optional<Holder> hold(Holding holding) throws InterruptedException {
        ByteSequence id = bytes(keys.id(holding.id()));
        String claim = holding.owner() + " " + holding.service();
        for (int i = 0; i < TRIES; i++) {
            TxnResponse first = underLease(holding, absent(id), claim);
            if (first.isSucceeded()) {
                return Optional.empty();
            }
            List<KeyValue> found = first.getGetResponses().getFirst().getKvs();
            if (found.isEmpty()) {
                continue; // gone in between
            }
            String there = text(found.getFirst());
            if (!there.equals(claim)) {
                return Optional.of(holder(there));
            }
            if (underLease(holding, is(id, claim), claim).isSucceeded()) {
                return Optional.empty();
            }
        }
        throw new ServiceException(Code.UNAVAILABLE, "others keep changing instance " + holding.id());
    }

    private static Holder holder(String claim) {
        int space = claim.indexOf(' ');
        try {
            return new Holder(new ServiceName(claim.substring(space + 1)), claim.substring(0, Math.max(0, space)));
        } catch (IllegalArgumentException e) {
            return new Holder(new ServiceName("unknown"), ""); // somebody else wrote it
        }
    }

    /** Writes id and instance under the lease where the condition holds; otherwise reads who has the id. */
    private TxnResponse underLease(Holding holding, Cmp condition, String claim) throws InterruptedException {
        ByteSequence id = bytes(keys.id(holding.id()));
        long under = lease();
        PutOption option = PutOption.builder().withLeaseId(under).build();
        try {
            return ask(client -> client.getKVClient()
                    .txn()
                    .If(condition)
                    .Then(
                            Op.put(id, bytes(claim), option),
                            Op.put(bytes(keys.instance(holding)), bytes(holding.value()), option))
                    .Else(Op.get(id, GetOption.DEFAULT))
                    .commit());
        } catch (ServiceException e) {
            if (e.code() == Code.NOT_FOUND) { // the lease has ended: the next try begins another
                ended(under);
                throw new ServiceException(Code.UNAVAILABLE, e.fault().message());
            }
            throw e;
        }
    }

    private long lease() throws InterruptedException {
        lock.lock();
        try {
            if (lease != 0) {
                return lease;
            }
        } finally {
            lock.unlock();
        }
        var granted = ask(client -> client.getLeaseClient().grant(leaseSeconds));
        lock.lock();
        try {
            lease = granted.getID();
            leaseMillis = Duration.ofSeconds(granted.getTTL()).toMillis();
            return lease;
        } finally {
            lock.unlock();
        }
    }

    private void ended(long id) {
        lock.lock();
        try {
            if (lease == id) {
                lease = 0;
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean replace(Holding holding) throws InterruptedException {
        return write(holding, holding.value());
    }

    private boolean write(Holding holding, String value) throws InterruptedException {
        String claim = holding.owner() + " " + holding.service();
        long under;
        lock.lock();
        try {
            under = lease;
        } finally {
            lock.unlock();
        }
        if (under == 0) {
            return false;
        }
        PutOption option = PutOption.builder().withLeaseId(under).build();
        try {
            return ask(client -> client.getKVClient()
                            .txn()
                            .If(is(bytes(keys.id(holding.id())), claim))
                            .Then(Op.put(bytes(keys.instance(holding)), bytes(value), option))
                            .commit())
                    .isSucceeded();
        } catch (ServiceException e) {
            if (e.code() == Code.NOT_FOUND) {
                ended(under);
                return false;
            }
            throw e;
        }
    }

    @Override
    public Set<String> renew(Collection<Holding> holdings) throws InterruptedException {
        var unknown = new HashSet<String>();
        long under = lease();
        try {
            ask(client -> client.getLeaseClient().keepAliveOnce(under));
        } catch (ServiceException e) {
            if (e.code() != Code.NOT_FOUND) {
                throw e;
            }
            ended(under);
            holdings.forEach(holding -> unknown.add(holding.id()));
            return unknown;
        }
        var batch = new ArrayList<Holding>();
        for (Holding holding : holdings) {
            batch.add(holding);
            if (batch.size() == BATCH) {
                unknown.addAll(missing(batch, under));
                batch.clear();
            }
        }
        unknown.addAll(batch.isEmpty() ? Set.of() : missing(batch, under));
        return unknown;
    }

    /** Those that are not there any more: somebody deleted them, or they are under a lease that is no longer ours. */
    private Set<String> missing(List<Holding> batch, long under) throws InterruptedException {
        Op[] questions = batch.stream()
                .map(holding -> Op.get(bytes(keys.instance(holding)), GetOption.DEFAULT))
                .toArray(Op[]::new);
        var answer = ask(client -> client.getKVClient().txn().Then(questions).commit());
        var missing = new HashSet<String>();
        for (int i = 0; i < batch.size(); i++) {
            var found = answer.getGetResponses().get(i).getKvs();
            if (found.isEmpty() || found.getFirst().getLease() != under) {
                missing.add(batch.get(i).id());
            }
        }
        return missing;
    }

    @Override
    public void release(Holding holding, String reason) throws InterruptedException {
        if (!write(holding, GONE + reason)) { // a deletion alone does not say why
            return;
        }
        String claim = holding.owner() + " " + holding.service();
        ByteSequence id = bytes(keys.id(holding.id()));
        ask(client -> client.getKVClient()
                .txn()
                .If(is(id, claim))
                .Then(
                        Op.delete(bytes(keys.instance(holding)), DeleteOption.DEFAULT),
                        Op.delete(id, DeleteOption.DEFAULT))
                .commit());
    }

    @Override
    public void store(ServiceName service, Version version, String contract) throws InterruptedException {
        ask(client -> client.getKVClient().put(bytes(keys.contract(service, version)), bytes(contract)));
    }

    @Override
    public void forget(ServiceName service, Version version) throws InterruptedException {
        ask(client -> client.getKVClient().delete(bytes(keys.contract(service, version))));
    }

    /** What was there below a key as of a revision. */
    record Snapshot(long revision, List<KeyValue> values) {}

    /** Reads page by page, all pages as of the revision of the first. */
    private Snapshot below(String prefix, boolean keysOnly) throws InterruptedException {
        var values = new ArrayList<KeyValue>();
        ByteSequence end = OptionsUtil.prefixEndOf(bytes(prefix));
        ByteSequence from = bytes(prefix);
        long revision = 0;
        boolean more = true;
        while (more) {
            ByteSequence first = from;
            var option = GetOption.builder()
                    .withRange(end)
                    .withLimit(PAGE)
                    .withRevision(revision)
                    .withKeysOnly(keysOnly)
                    .build();
            GetResponse page = ask(client -> client.getKVClient().get(first, option));
            values.addAll(page.getKvs());
            revision = revision == 0 ? page.getHeader().getRevision() : revision;
            more = page.isMore();
            if (more) {
                from = values.getLast().getKey().concat(FIRST_AFTER);
            }
        }
        return new Snapshot(revision, values);
    }

    @Override
    public List<String> contracts(ServiceName service) throws InterruptedException {
        return below(keys.contracts(service), false).values().stream()
                .sorted(Comparator.comparingLong(KeyValue::getModRevision))
                .map(EtcdBackend::text)
                .toList();
    }

    @Override
    public Set<ServiceName> services() throws InterruptedException {
        var names = new TreeSet<ServiceName>();
        for (String all : List.of(keys.instances(), keys.contracts())) {
            for (KeyValue each : below(all, true).values()) {
                EtcdKeys.service(all, each.getKey().toString(UTF_8)).ifPresent(names::add);
            }
        }
        return names;
    }

    @Override
    public List<String> instances(ServiceName service) throws InterruptedException {
        return below(keys.instances(service), false).values().stream()
                .map(EtcdBackend::text)
                .filter(value -> !value.startsWith(GONE))
                .toList();
    }

    /** What is there now of a service, and as of when. */
    Snapshot snapshot(ServiceName service) throws InterruptedException {
        return below(keys.instances(service), false);
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        var following = new EtcdFollowing(this, clients, keys, time, random, service, follower);
        following.start();
        return following;
    }

    @Override
    public void close() {
        long last;
        lock.lock();
        try {
            last = lease;
            lease = 0;
        } finally {
            lock.unlock();
        }
        try {
            if (last != 0) {
                ask(client -> client.getLeaseClient().revoke(last)); // what could not be released ends now, not later
            }
        } catch (ServiceException e) {
            // etcd is away: the lease ends by itself
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            clients.close();
        }
    }

    /** True where etcd says that the past asked for is not kept any more. */
    static boolean compacted(Throwable e) {
        return e instanceof EtcdException etcd && etcd.getErrorCode() == ErrorCode.OUT_OF_RANGE;
    }
}
