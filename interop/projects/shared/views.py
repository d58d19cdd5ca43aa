"""Signing in and out by a session, and a view that tells who is signed in."""
from django.contrib.auth import authenticate, get_user_model, login, logout
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

NAME = get_user_model().USERNAME_FIELD


@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def session_signin(request):
    user = authenticate(request, username=request.data.get(NAME), password=request.data.get("password"))
    if user is None:
        return Response({"detail": "No."}, status=400)
    login(request._request, user)
    return Response({"detail": "Yes."})


@api_view(["POST"])
def session_signout(request):
    logout(request._request)
    return Response({"detail": "Bye."})


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request):
    return Response({"id": str(request.user.pk), NAME: request.user.get_username()})
