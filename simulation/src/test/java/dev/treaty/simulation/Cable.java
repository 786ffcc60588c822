package dev.treaty.simulation;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import java.util.concurrent.atomic.AtomicBoolean;

/** A connection that a test can cut and restore. */
final class Cable implements Handler {
    final AtomicBoolean cut = new AtomicBoolean();
    private final Handler connection;

    Cable(Handler connection) {
        this.connection = connection;
    }

    Cable(RegistryHost host) {
        this(host.network.connect(RegistryHost.ENDPOINT));
    }

    @Override
    public ServiceResponse<?> handle(Call call) throws InterruptedException {
        if (cut.get()) {
            return ServiceResponse.failed(Fault.unreached(Code.UNAVAILABLE, "the cable is cut"));
        }
        var response = connection.handle(call);
        return cut.get() ? ServiceResponse.failed(Code.UNAVAILABLE, "the cable was cut") : response;
    }
}
