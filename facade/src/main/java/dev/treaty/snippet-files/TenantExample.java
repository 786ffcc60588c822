import dev.treaty.Filters;
import dev.treaty.Filters.Place;
import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceResponse;

class TenantExample {
    // @start region="filters"
    static final ScopedValue<String> TENANT = ScopedValue.newInstance(); // bound by the application

    static final Filter SEND_TENANT = (call, next) -> TENANT.isBound()
            ? next.handle(call.with(call.context().with(Headers.of("x-tenant", TENANT.get()))))
            : next.handle(call);

    static final Filter REQUIRE_TENANT =
            (call, next) -> call.context().headers().contains("x-tenant")
                    ? next.handle(call)
                    : ServiceResponse.failed(Fault.unreached(Code.INVALID_ARGUMENT, "the header x-tenant is missing"));

    static Treaty open(Settings settings) {
        Filters filters = Filters.NONE
                .with(Place.CLIENT_CALL, "send tenant", SEND_TENANT)
                .with(Place.SERVER_HANDLER, "require tenant", REQUIRE_TENANT);
        return Treaty.open(settings, filters);
    }
    // @end
}
