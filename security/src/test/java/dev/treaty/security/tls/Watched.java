package dev.treaty.security.tls;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.core.time.ManualTime;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Transport security on a manual clock, with the events that it emitted. */
final class Watched implements AutoCloseable {
    private final ManualTime time;
    private final List<Event.SecurityNoticed> events = new CopyOnWriteArrayList<>();
    private final FileTransportSecurity security;

    Watched(TlsPolicy policy, ManualTime time) throws CertificateException {
        this.time = time;
        this.security = FileTransportSecurity.start(
                policy, Watched::mayServe, event -> events.add((Event.SecurityNoticed) event), time);
    }

    private static boolean mayServe(String identity, ServiceName service) {
        return identity.equals(service.value());
    }

    FileTransportSecurity security() {
        return security;
    }

    /** Returns the problems that were reported. */
    List<String> problems() {
        return events.stream()
                .filter(Event.SecurityNoticed::problem)
                .map(Event.SecurityNoticed::message)
                .toList();
    }

    /** Lets the files be compared as often, of all transport securities of the clock. */
    static void compare(ManualTime time, int watched, int times) {
        for (int i = 0; i < times; i++) {
            await(time, watched);
            time.advance(Duration.ofSeconds(FileTransportSecurity.COMPARED_SECONDS));
            await(time, watched);
        }
    }

    void compare(int times) {
        compare(time, 1, times);
    }

    private static void await(ManualTime time, int sleepers) {
        while (time.sleepers() < sleepers) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        security.close();
    }
}
