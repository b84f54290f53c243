"""Product pictures, served by the program itself until a web server in front does it."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

# A picture may be an uploaded SVG: it is shown, it runs nothing and reads nothing.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file below MEDIA_ROOT; 404 for anything else, also for a path that leads out of it."""
    answer = serve(request, path, document_root=settings.MEDIA_ROOT)
    answer["Content-Security-Policy"] = PICTURE_POLICY
    answer["Cache-Control"] = "public, max-age=3600"
    return answer
