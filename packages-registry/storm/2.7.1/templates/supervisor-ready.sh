# Ready is a supervisor that listens: by then it has told nimbus of its slots.
exec 3<>"/dev/tcp/{{pod.address}}/$SUPERVISOR_THRIFT_PORT" || exit 1
