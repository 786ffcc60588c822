package dev.treaty.http.server;

import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.MessageException;
import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.text.Secrets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A call of an operation of a hosted service. */
public final class ServiceCall implements Action {
    private static final System.Logger LOGGER = System.getLogger(ServiceCall.class.getName());

    private final Target target;
    private final CallContext context;
    private final Request request;
    private final boolean compressed;
    private final int bodyBytesMax;
    private final Runnable ended;

    /** An operation that can be called. */
    public record Target(HostedService service, Operation operation, JsonCodec codec) {}

    /**
     * A call.
     *
     * @param bodyBytesMax the maximum size of the decompressed body, in bytes
     * @param ended called once, at the end of the call
     */
    public ServiceCall(Target target, CallContext context, Request request, int bodyBytesMax, Runnable ended) {
        this.target = target;
        this.context = context;
        this.request = request;
        this.compressed = Gzip.of(request.headers());
        this.bodyBytesMax = bodyBytesMax;
        this.ended = ended;
    }

    @Override
    public Deadline deadline() {
        return context.deadline();
    }

    @Override
    public boolean compressed() {
        return compressed;
    }

    @Override
    public Response run(byte[] body) throws InterruptedException {
        byte[] content = compressed && body.length > 0 ? Gzip.decompress(body, bodyBytesMax) : body;
        var call = new Call(target.service.contract().name(), target.operation, arguments(content), context);
        Response response = switch (answer(call)) {
            case ServiceResponse.Ok<?>(var value, var _, var _, var metadata) -> result(value, metadata);
            case ServiceResponse.Failed<?>(var fault, var _, var metadata) ->
                Responses.fault(fault).with(metadata);
        };
        return Gzip.accepted(request.headers()) ? Gzip.compress(response) : response;
    }

    private List<@Nullable Object> arguments(byte[] body) {
        try {
            return target.codec.readRequest(body, 0, body.length);
        } catch (MessageException e) {
            throw new RequestRejected(Code.INVALID_ARGUMENT, e.sentence());
        }
    }

    private ServiceResponse<?> answer(Call call) throws InterruptedException {
        try {
            return target.service.handler().handle(call);
        } catch (RuntimeException e) {
            LOGGER.log(System.Logger.Level.ERROR, "The pipeline failed for " + call.path(), Secrets.mask(e));
            return ServiceResponse.failed(Code.INTERNAL, "internal error in " + call.path());
        }
    }

    private Response result(@Nullable Object value, ResponseMetadata metadata) {
        var body = new OutputBuffer();
        try {
            target.codec.writeResponse(value, body);
            return Responses.result(body, metadata);
        } catch (MessageException e) {
            LOGGER.log(System.Logger.Level.ERROR, e.sentence());
            return Responses.fault(Fault.of(Code.INTERNAL, e.sentence()));
        }
    }

    @Override
    public void cancel(Fault reason) {
        context.cancellation().cancel(reason);
    }

    @Override
    public void ended() {
        ended.run();
    }
}
