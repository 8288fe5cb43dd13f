#!/bin/sh
# Writes /config.json and nginx's settings from the environment, by the rules of frontend/server/config.py, and starts nginx.
#   USERS_PORT … DISPLAY_ORDERS_PORT                the gateway's ports, on the host that the page was opened with
#   PUBLIC_API_URL                                  one address for all five ports, such as an ingress
#   PUBLIC_USERS_URL … PUBLIC_DISPLAY_ORDERS_URL    one address each
#   HSTS_SECONDS                                    behind TLS: how long browsers must use HTTPS
set -eu

# port NAME DEFAULT: prints a port setting
port() {
  eval "value=\${$1:-$2}"
  case $value in
    *[!0-9]* | ??????*) ;;
    *) [ "$value" -ge 1 ] && [ "$value" -le 65535 ] && echo "$value" && return ;;
  esac
  echo "frontend: $1 is '$value', not a port from 1 to 65535." >&2
  exit 2
}

# base NAME PORT: prints the base address of a port; the most specific setting wins
base() {
  eval "own=\${PUBLIC_$1_URL:-}"
  port=$(port "$1_PORT" "$2")
  url=${own:-${PUBLIC_API_URL:-:$port}}
  if ! printf '%s' "$url" | tr '\n' ' ' | grep -Eqx '(https?://[][A-Za-z0-9.:-]+|:[0-9]{1,5})(/[A-Za-z0-9._~/-]*)?|/[A-Za-z0-9._~/-]*'; then
    echo "frontend: PUBLIC_$1_URL or PUBLIC_API_URL is '$url', not an address such as https://api.example, a port or a path." >&2
    exit 2
  fi
  echo "$url"
}

# Prints the origin of an address for the content security policy. A path is on the page's own origin, which is allowed.
origin() {
  case $1 in
    :*) echo "http://\$page_host${1%%/*} https://\$page_host${1%%/*}" ;;
    http*) echo "$1" | cut -d/ -f1-3 ;;
  esac
}

usersUrl=$(base USERS 5001)
booksUrl=$(base BOOKS 5002)
ordersUrl=$(base ORDERS 5003)
placeOrderUrl=$(base PLACE_ORDER 5004)
displayOrdersUrl=$(base DISPLAY_ORDERS 5005)
API_ORIGINS=$(for url in "$usersUrl" "$booksUrl" "$ordersUrl" "$placeOrderUrl" "$displayOrdersUrl"; do origin "$url"; done | uniq | paste -sd ' ')
LISTEN=$(port LISTEN 8080)
hsts=${HSTS_SECONDS:-0}
case $hsts in
  *[!0-9]*)
    echo "frontend: HSTS_SECONDS is '$hsts', not a whole number." >&2
    exit 2
    ;;
esac
export usersUrl booksUrl ordersUrl placeOrderUrl displayOrdersUrl API_ORIGINS LISTEN

SHOP=$(cd "$(dirname "$0")" && pwd)
RUN_DIR=${RUN_DIR:-/tmp/shop}
export SHOP RUN_DIR
mkdir -p "$RUN_DIR"
envsubst <"$SHOP/config.json.template" >"$RUN_DIR/config.json"
envsubst '$API_ORIGINS' <"$SHOP/security-headers.conf" >"$RUN_DIR/security-headers.conf"
if [ "$hsts" -gt 0 ]; then
  echo "add_header Strict-Transport-Security \"max-age=$hsts; includeSubDomains\" always;" >>"$RUN_DIR/security-headers.conf"
fi
envsubst '$LISTEN $RUN_DIR $SHOP' <"$SHOP/nginx.conf.template" >"$RUN_DIR/nginx.conf"
exec nginx -c "$RUN_DIR/nginx.conf"
