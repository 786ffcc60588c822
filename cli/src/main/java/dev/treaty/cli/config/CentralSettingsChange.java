package dev.treaty.cli.config;

import dev.treaty.Configuration;
import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.StatusQuery;
import dev.treaty.cli.output.Table;
import dev.treaty.config.CentralSetting;
import dev.treaty.config.CentralSettings;
import dev.treaty.config.ConfigurationException;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.Setting;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryProtocol;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Changes central settings, waits a moment until the running processes have noticed, and reports the values that they
 * use: of each key, which ones, from where, and in which processes.
 */
public final class CentralSettingsChange {
    /** How long processes get to notice a change before the report. */
    private static final Duration NOTICE_MAX = Duration.ofSeconds(2);

    private static final long PAUSE_MILLIS = 50;

    /** The most processes that a row of the report names. */
    private static final int NAMED_MAX = 5;

    private final Treaty treaty;
    private final String author = CentralSetting.ownAuthor();
    private final String reason;

    /**
     * Changes the central settings in the registry of a client.
     *
     * @param reason why, for other operators; may be empty
     */
    public CentralSettingsChange(Treaty treaty, String reason) {
        this.treaty = treaty;
        this.reason = reason;
    }

    /**
     * Sets values.
     *
     * @param values by key
     * @param expires after which time they have no effect any more; empty to leave them
     * @throws ConfigurationException if a value is not valid
     */
    public Result set(Map<String, String> values, Optional<Duration> expires) {
        return apply((before, now) -> {
            Optional<Instant> end = expires.map(now::plus);
            CentralSettings after = before;
            for (var value : values.entrySet()) {
                after = after.set(
                        Configuration.requireCentral(value.getKey()), value.getValue(), author, reason, now, end);
            }
            requireValid(after.settings(now));
            return after;
        });
    }

    /** Removes a value. */
    public Result unset(String key) {
        return apply((before, now) -> before.unset(key, author, reason, now));
    }

    /** Restores the values of an earlier revision. */
    public Result rollback(long revision) {
        return apply((before, now) -> before.rollback(revision, author, reason, now));
    }

    private static void requireValid(List<CentralSetting> settings) {
        ConfigurationSources.of(Map.of()).read(settings);
    }

    private interface Change {
        CentralSettings apply(CentralSettings before, Instant now);
    }

    private Result apply(Change change) {
        try {
            var revisions = new long[1];
            CentralSettings after = CentralSettings.change(treaty.registry().settings(), before -> {
                revisions[0] = before.revision();
                return change.apply(before, Instant.now());
            });
            List<CentralSettings.Change> changes = after.history().stream()
                    .filter(each -> each.revision() > revisions[0])
                    .toList();
            return new Result(after, changes);
        } catch (UnsupportedOperationException e) {
            throw new CommandFailed(String.valueOf(e.getMessage()));
        } catch (ServiceException e) {
            RegistryOptions.requireReached(treaty);
            throw e;
        }
    }

    /**
     * What a change did.
     *
     * @param after the central settings with the change
     * @param changes the keys that changed; empty if nothing did
     */
    public record Result(CentralSettings after, List<CentralSettings.Change> changes) {}

    /**
     * A value that processes use.
     *
     * @param origin where it is from, or why the change is not in force
     * @param changed whether it is the central setting after the change, or what applies without one
     */
    record Used(String key, String value, String origin, boolean changed) {}

    /** Waits a moment until the running processes use what was changed. */
    public void awaitUsed(Result result) throws InterruptedException {
        used(result);
    }

    /** Returns the values of the changed keys that the processes of all instances use, each with these processes. */
    Map<Used, List<String>> used(Result result) throws InterruptedException {
        long end = System.nanoTime() + NOTICE_MAX.toNanos();
        while (true) {
            Map<Used, List<String>> used = read(result);
            boolean noticed = used.keySet().stream().allMatch(Used::changed);
            if (noticed || System.nanoTime() - end >= 0) {
                return used;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    private Map<Used, List<String>> read(Result result) {
        List<ServiceInstance> instances = RegistryOptions.instances(treaty).values().stream()
                .flatMap(List::stream)
                .filter(instance -> !instance.service().value().equals(RegistryProtocol.NAME)) // calls no services
                .toList();
        var used = new LinkedHashMap<Used, List<String>>();
        StatusQuery.of(treaty, instances).forEach((endpoint, status) -> {
            String process = status.report().application() + " at " + endpoint;
            String refused = status.configuration()
                    .flatMap(Introspection.ConfigurationStatus::refused)
                    .map(why -> ", because it has refused its latest settings: " + why)
                    .orElse("");
            for (CentralSettings.Change change : result.changes()) {
                used.computeIfAbsent(used(change, settings(endpoint, change.key()), refused), _ -> new ArrayList<>())
                        .add(process);
            }
        });
        return used;
    }

    private List<Setting> settings(ServiceEndpoint endpoint, String key) {
        try {
            return Processes.settings(treaty, endpoint, key);
        } catch (ServiceException e) {
            return List.of();
        }
    }

    private static Used used(CentralSettings.Change change, List<Setting> settings, String refused) {
        Setting setting = settings.stream()
                .filter(each -> each.key().equals(change.key()))
                .findFirst()
                .orElse(new Setting(change.key(), "", "not set"));
        boolean fromCentral = setting.origin().startsWith("central (revision ");
        boolean expected = change.after().isPresent()
                ? setting.origin().startsWith("central (revision " + change.revision() + ",")
                : !fromCentral;
        return new Used(change.key(), setting.value(), setting.origin() + (expected ? "" : refused), expected);
    }

    /** Returns the report as rows. */
    static Table table(Map<Used, List<String>> used) {
        var table = new Table("SETTING", "VALUE", "FROM", ">PROCESSES", "WHICH");
        used.forEach((value, processes) -> {
            int more = processes.size() - NAMED_MAX;
            String which = processes.stream().limit(NAMED_MAX).collect(Collectors.joining(", "));
            table.row(
                    value.key(),
                    value.value(),
                    PrintableText.line(value.origin()),
                    processes.size(),
                    which + (more > 0 ? " and " + more + " more" : ""));
        });
        return table;
    }

    /** Returns the report as fields for JSON. */
    static List<Map<String, Object>> fields(Map<Used, List<String>> used) {
        return used.entrySet().stream()
                .<Map<String, Object>>map(entry -> new TreeMap<>(Map.of(
                        "key", entry.getKey().key(),
                        "value", entry.getKey().value(),
                        "from", entry.getKey().origin(),
                        "changed", entry.getKey().changed(),
                        "processes", entry.getValue())))
                .toList();
    }
}
