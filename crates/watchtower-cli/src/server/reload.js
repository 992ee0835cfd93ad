// Written by `watchtower serve`: loads the page again when the site is not as it was.
(() => {
  let changes;
  const listen = () => {
    changes?.close();
    // A page that nobody looks at holds no connection: browsers allow six per server.
    if (document.hidden) return;
    changes = new EventSource("CHANGES");
    changes.onmessage = ({ data }) => {
      if (data !== "TAG") location.reload();
    };
  };
  document.addEventListener("visibilitychange", listen);
  listen();
})();
