#!/bin/bash
# Checks that /config.json can be fetched. Uses bash, because not every nginx image has curl.
exec 3<>"/dev/tcp/127.0.0.1/${LISTEN:-8080}" || exit 1
printf 'GET /config.json HTTP/1.0\r\n\r\n' >&3
read -r -t 3 _ status _ <&3
[[ $status == 200 ]]
