package dev.treaty;

import dev.treaty.config.CentralSettings;
import dev.treaty.config.ServerSettings;
import dev.treaty.config.Setting;
import dev.treaty.config.SettingChange;
import dev.treaty.config.Settings;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All settings of a process from one change until the next.
 *
 * @param number counted from 1
 * @param settings what is in force: what was read, without what needs a restart
 * @param values the values in force, with their origins
 * @param read what was read
 * @param central the central settings that were read
 * @param at when it began
 * @param restartNeeded the keys that were read with other values than those in force, which stay until a restart
 */
record Generation(
        long number,
        Settings settings,
        List<Setting> values,
        Settings.Effective read,
        CentralSettings central,
        Instant at,
        List<String> restartNeeded) {

    private static final String SECURITY = "security";

    /** What is used before the registry is reached, and at most once: the key, and why it cannot be set centrally. */
    private static final Map<String, String> LOCAL = Map.of(
            "name",
            "each process has its own",
            "region",
            "each process has its own",
            "zone",
            "each process has its own",
            "registry",
            "central settings are read from there",
            "registry-server",
            "central settings are kept there",
            "server.host",
            "each process has its own",
            "server.port",
            "each process has its own",
            "server.advertise",
            "each process has its own",
            "client",
            "connections are opened before central settings are read",
            SECURITY,
            "who may write central settings could open the door");

    /** What of security takes effect without a restart. */
    private static final Set<String> ACCESS =
            Set.of(SECURITY + ".rules", SECURITY + ".roles", SECURITY + ".services", SECURITY + ".dry-run");

    /** The first generation. */
    static Generation first(Settings.Effective read, Instant at) {
        return new Generation(1, read.settings(), read.values(), read, CentralSettings.EMPTY, at, List.of());
    }

    /**
     * Returns the next generation, or this one with the same number if no value differs.
     *
     * @param changes what differs from what this one has read
     */
    Generation next(
            Generation first,
            Settings.Effective other,
            List<SettingChange> changes,
            CentralSettings store,
            Instant now) {
        boolean same = changes.isEmpty() && read.settings().equals(other.settings());
        List<String> kept = first.read.changes(other).stream()
                .map(SettingChange::key)
                .filter(key -> fixed(key).isPresent())
                .toList();
        return new Generation(
                same ? number : number + 1,
                same ? settings : first.keep(other.settings()),
                first.keep(other.values()),
                other,
                store,
                same ? at : now,
                kept);
    }

    /** Returns why a key keeps its value until a restart, if it does. */
    private static Optional<String> fixed(String key) {
        return ACCESS.stream().anyMatch(reloaded -> isAtOrBelow(key, reloaded)) ? Optional.empty() : local(key);
    }

    private static Optional<String> local(String key) {
        return LOCAL.entrySet().stream()
                .filter(local -> isAtOrBelow(key, local.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** Returns why a key cannot be set centrally, if it cannot. */
    static Optional<String> notCentral(String key) {
        return isAtOrBelow(key, "run") ? Optional.of("treaty up reads it from its own file") : local(key);
    }

    /** Returns whether a key is that of a group, or of a value of the group; of any group if that is empty. */
    static boolean isAtOrBelow(String key, String group) {
        return group.isEmpty() || key.equals(group) || key.startsWith(group + ".") || key.startsWith(group + "[");
    }

    private Settings keep(Settings other) {
        ServerSettings own = settings.server();
        return new Settings(
                settings.name(),
                settings.region(),
                settings.zone(),
                settings.registry(),
                settings.registryServer(),
                other.server().withAddress(own.host(), own.port(), own.advertise()),
                settings.client(),
                other.defaults(),
                other.services(),
                other.run(),
                other.metrics(),
                other.balance(),
                other.faults(),
                settings.security().withAccess(other.security()));
    }

    private List<Setting> keep(List<Setting> others) {
        var kept = new ArrayList<Setting>();
        values.stream().filter(own -> fixed(own.key()).isPresent()).forEach(kept::add);
        others.stream().filter(other -> fixed(other.key()).isEmpty()).forEach(kept::add);
        return List.copyOf(kept);
    }
}
