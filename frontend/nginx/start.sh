#!/bin/sh
# Renders /config.json and the server's settings from the environment, then becomes nginx.
#   PUBLIC_API_HOST                                 the gateway's host, when it is not the one that the page was opened with
#   PUBLIC_API_URL                                  one address for all five sets, such as an ingress
#   PUBLIC_USERS_URL … PUBLIC_DISPLAY_ORDERS_URL    one address each
#   USERS_PORT … DISPLAY_ORDERS_PORT                the gateway's ports, where no address is given
set -eu

refuse() {
  echo "frontend: $1 must be an address such as https://api.example, a port such as :5001, or a path such as /api, not '$2'." >&2
  exit 2
}

# NAME PORT: the base address of a set, the most particular setting first
base() {
  eval "own=\${PUBLIC_$1_URL:-} port=\${$1_PORT:-$2}"
  url=${own:-${PUBLIC_API_URL:-${PUBLIC_API_HOST:+http://$PUBLIC_API_HOST}:$port}}
  echo "$url" | grep -Eqx '(https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]))?(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?' ||
    refuse "PUBLIC_$1_URL, PUBLIC_API_URL or $1_PORT" "$url"
  echo "$url"
}

# URL: what the content security policy calls it; a path is the page's own origin, which is allowed already
source_of() {
  case $1 in
    :*) printf ' http://$page_host%s https://$page_host%s' "${1%%/*}" "${1%%/*}" ;;
    http*) printf ' %s' "$(echo "$1" | cut -d/ -f1-3)" ;;
  esac
}

usersUrl=$(base USERS 5001)
booksUrl=$(base BOOKS 5002)
ordersUrl=$(base ORDERS 5003)
placeOrderUrl=$(base PLACE_ORDER 5004)
displayOrdersUrl=$(base DISPLAY_ORDERS 5005)
APIS=$(for url in "$usersUrl" "$booksUrl" "$ordersUrl" "$placeOrderUrl" "$displayOrdersUrl"; do source_of "$url"; done)
export usersUrl booksUrl ordersUrl placeOrderUrl displayOrdersUrl APIS LISTEN="${FRONTEND_LISTEN:-8080}"

mkdir -p /tmp/shop
envsubst </shop/config.json.template >/tmp/shop/config.json
envsubst '$APIS $LISTEN' </shop/nginx.conf.template >/tmp/shop/nginx.conf
exec nginx -c /tmp/shop/nginx.conf
